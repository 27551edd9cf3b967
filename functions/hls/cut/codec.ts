/**
 * The codec of a track as playlists name it (RFC 6381), read from its sample entry. Pure.
 * @module
 */
import { boxes, find } from '../../media/bytes/mp4-boxes.ts'

export interface SampleEntry {
  readonly type: string
  /** After the header of the box. */
  readonly content: Buffer
}

/** Bytes of a picture's sample entry before its boxes (ISO/IEC 14496-12, `VisualSampleEntry`). */
const PICTURE_ENTRY_BYTES = 78
/** The same of sound, `AudioSampleEntry`. */
const SOUND_ENTRY_BYTES = 28

/** Codecs that are named by their sample entry's type alone. */
const NAMED_BY_TYPE: Readonly<Record<string, string>> = {
  'ac-3': 'ac-3',
  'ec-3': 'ec-3',
  Opus: 'Opus',
  fLaC: 'fLaC',
  wvtt: 'wvtt',
}

const FROM_CONFIGURATION: Readonly<Record<string, (entry: SampleEntry) => string | undefined>> = {
  avc1: avc,
  avc3: avc,
  hvc1: hevc,
  hev1: hevc,
  av01: av1,
  vp09: vp9,
  mp4a: mpeg4Sound,
}

/**
 * Shape: `avc1.64001F`, `hvc1.1.6.L93.B0`, `mp4a.40.2`.
 *
 * @returns `undefined` for a codec that has no such name, or whose configuration is missing: no player would know it
 */
export function codecOf(entry: SampleEntry): string | undefined {
  return FROM_CONFIGURATION[entry.type]?.(entry) ?? NAMED_BY_TYPE[entry.type]
}

function configuration({ content }: SampleEntry, type: string, atLeastBytes: number): Buffer | undefined {
  const from = type === 'esds' ? SOUND_ENTRY_BYTES : PICTURE_ENTRY_BYTES
  const found = find(boxes(content.subarray(from)), type)
  return found && found.length >= atLeastBytes ? found : undefined
}

function avc(entry: SampleEntry): string | undefined {
  const avcC = configuration(entry, 'avcC', 4)
  return avcC && `${entry.type}.${avcC.toString('hex', 1, 4).toUpperCase()}`
}

/** ISO/IEC 14496-15, E.3: profile, compatibility from its last bit, tier and level, constraints without zeros at their end. */
function hevc(entry: SampleEntry): string | undefined {
  const hvcC = configuration(entry, 'hvcC', 13)
  if (!hvcC) return undefined
  const profile = hvcC.readUInt8(1)
  const constraints = [...hvcC.subarray(6, 12)]
  while (constraints.at(-1) === 0) constraints.pop()
  return [
    entry.type,
    `${['', 'A', 'B', 'C'][profile >> 6]}${profile & 31}`,
    hex(reversed(hvcC.readUInt32BE(2))),
    `${(profile >> 5) & 1 ? 'H' : 'L'}${hvcC.readUInt8(12)}`,
    ...constraints.map(hex),
  ].join('.')
}

/** AV1 in ISO-BMFF, 5: profile, level with tier, bits. */
function av1(entry: SampleEntry): string | undefined {
  const av1C = configuration(entry, 'av1C', 3)
  if (!av1C) return undefined
  const [profile, level] = [av1C.readUInt8(1) >> 5, av1C.readUInt8(1) & 31]
  const flags = av1C.readUInt8(2)
  const [isHighTier, isHighDepth, isTwelveBit] = [flags >> 7, (flags >> 6) & 1, (flags >> 5) & 1]
  const bits = profile === 2 && isHighDepth && isTwelveBit ? 12 : isHighDepth ? 10 : 8
  return `av01.${profile}.${twoDigits(level)}${isHighTier ? 'H' : 'M'}.${twoDigits(bits)}`
}

function vp9(entry: SampleEntry): string | undefined {
  const vpcC = configuration(entry, 'vpcC', 7)
  if (!vpcC) return undefined
  return `vp09.${twoDigits(vpcC.readUInt8(4))}.${twoDigits(vpcC.readUInt8(5))}.${twoDigits(vpcC.readUInt8(6) >> 4)}`
}

/** The object types of `esds` (ISO/IEC 14496-1): 0x40 is AAC, whose kind is in its own configuration; others are named at once. */
function mpeg4Sound(entry: SampleEntry): string | undefined {
  const esds = configuration(entry, 'esds', 5)
  if (!esds) return undefined
  const { objectType, specific } = descriptorsOf(esds.subarray(4))
  if (objectType === undefined) return undefined
  if (objectType !== 0x40) return `mp4a.${hex(objectType)}`
  if (!specific || specific.length < 2) return undefined
  const [first, second] = [specific.readUInt8(0), specific.readUInt8(1)]
  const kind = first >> 3
  return `mp4a.40.${kind === 31 ? 32 + (((first & 7) << 3) | (second >> 5)) : kind}`
}

interface Descriptors {
  readonly objectType?: number
  readonly specific?: Buffer
}

/** Bytes of the descriptors that hold others, before those: of an elementary stream (3), and of a decoder's configuration (4). */
const BEFORE_INNER: Readonly<Record<number, number>> = { 3: 3, 4: 13 }

function descriptorsOf(content: Buffer): Descriptors {
  let found: Descriptors = {}
  for (let at = 0; at + 2 <= content.length;) {
    const tag = content.readUInt8(at++)
    let size = 0
    for (let isMore = true; isMore && at < content.length; at++) {
      const byte = content.readUInt8(at)
      size = size * 128 + (byte & 127)
      isMore = byte > 127
    }
    const inner = content.subarray(at, at + size)
    if (tag === 4 && inner.length > 0) found = { ...found, objectType: inner.readUInt8(0) }
    if (tag === 5) found = { ...found, specific: inner }
    const before = BEFORE_INNER[tag]
    if (before !== undefined) found = { ...found, ...descriptorsOf(inner.subarray(before)) }
    at += size
  }
  return found
}

/** The bits of 32, the last one first. */
function reversed(value: number): number {
  let [left, result] = [value, 0]
  for (let bit = 0; bit < 32; bit++, left >>>= 1) result = (result << 1) | (left & 1)
  return result >>> 0
}

function hex(value: number): string {
  return value.toString(16).toUpperCase()
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0')
}
