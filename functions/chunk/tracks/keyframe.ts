/**
 * Whether a packet of a picture is a keyframe, by its own first bytes: where the table of keyframes is missing from an MP4, all
 * of its packets are keyframes by the standard, and none is where FFmpeg had none to note. Pure.
 * @module
 */

/** The part of a packet that is examined: parameter sets and messages come before the picture. */
export const LOOKED_AT_BYTES = 65_536

/**
 * Undefined where it cannot be told.
 *
 * @param description - the content of `stsd`: what codec it is, and how it divides packets
 */
export function isKeyframe(description: Buffer | undefined, packet: Buffer): boolean | undefined {
  const format = description?.toString('latin1', 12, 16) ?? ''
  if (/^avc[1-4]$/.test(format)) return firstKnown(units(packet, lengthBytes(description, 'avcC', 4)), ofH264)
  if (/^(hvc1|hev1|dvh1|dvhe)$/.test(format))
    return firstKnown(units(packet, lengthBytes(description, 'hvcC', 21)), ofHevc)
  if (format === 'mp4v') return ofMpeg4(packet)
  return undefined
}

/** How many bytes the length of a unit has; the record says it in the two lowest bits of one byte. */
function lengthBytes(description: Buffer | undefined, record: string, at: number): number {
  const start = description?.indexOf(record, 0, 'latin1') ?? -1
  return start < 0 ? 4 : ((description?.[start + 4 + at] ?? 3) & 3) + 1
}

function* units(packet: Buffer, lengthBytes: number): Generator<Buffer, void, void> {
  for (let at = 0; at + lengthBytes < packet.length;) {
    const bytes = packet.readUIntBE(at, lengthBytes)
    yield packet.subarray(at + lengthBytes, at + lengthBytes + bytes)
    at += lengthBytes + bytes
  }
}

function firstKnown(all: Iterable<Buffer>, of: (unit: Buffer) => boolean | undefined): boolean | undefined {
  for (const unit of all) {
    const known = of(unit)
    if (known !== undefined) return known
  }
  return undefined
}

/** A picture that resets the decoder, a point where it may begin, or a picture of which no part needs another one. */
function ofH264(unit: Buffer): boolean | undefined {
  const type = (unit[0] ?? 0) & 0x1f
  if (type === 5) return true
  // A message that decoding may begin here: recovery point.
  if (type === 6 && unit[1] === 6) return true
  if (type !== 1) return undefined
  const next = golombs(unit.subarray(1))
  next()
  return [2, 4, 7, 9].includes(next())
}

function ofHevc(unit: Buffer): boolean | undefined {
  const type = ((unit[0] ?? 0) >> 1) & 0x3f
  if (type < 32) return type >= 16 && type <= 23
  return undefined
}

const VOP = Buffer.from([0, 0, 1, 0xb6])

function ofMpeg4(packet: Buffer): boolean | undefined {
  const at = packet.indexOf(VOP)
  const kind = packet[at + VOP.length]
  return at < 0 || kind === undefined ? undefined : kind >> 6 === 0
}

/** Numbers of Exp-Golomb codes, one after the other. */
function golombs(bytes: Buffer): () => number {
  let at = 0
  const bit = () => {
    const value = ((bytes[at >> 3] ?? 0xff) >> (7 - (at & 7))) & 1
    at++
    return value
  }
  return () => {
    let zeros = 0
    while (bit() === 0) zeros++
    let value = 1
    for (let count = 0; count < zeros; count++) value = value * 2 + bit()
    return value - 1
  }
}
