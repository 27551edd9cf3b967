/**
 * The codecs that MPEG-TS announces in its tables, read without ffprobe: its start costs more CPU than ten seconds of a stream, and a
 * sender waits for it. Only where nothing is doubtful; ffprobe looks at everything else. Pure (ISO/IEC 13818-1, 2.4.3 and 2.4.4).
 * @module
 */

const PACKET_BYTES = 188
const SYNC = 0x47
/** A start of media begins with this, and its length may follow in any packet. */
const MEDIA_START = [0, 0, 1]

/** By stream type (ISO/IEC 13818-1, table 2-34). Sound of type 3 and 4 may be MP2 as well: both go into MPEG-TS. */
const PICTURES: Readonly<Record<number, string>> = {
  0x01: 'mpeg1video',
  0x02: 'mpeg2video',
  0x1b: 'h264',
  0x24: 'hevc',
}
const SOUNDS: Readonly<Record<number, string>> = { 0x03: 'mp3', 0x04: 'mp3', 0x0f: 'aac', 0x11: 'aac_latm' }

interface Track {
  readonly id: number
  readonly type: number
}

/**
 * Of the first picture and the first sound, once media of one of them have begun. Undefined when this is not MPEG-TS from its first byte to
 * its last, a table is missing or torn, something is encrypted, or a track is of another type.
 */
export function announcedCodecs(head: Buffer): readonly string[] | undefined {
  let mapId: number | undefined
  let tracks: readonly Track[] | undefined
  const begun = new Set<number>()
  for (let at = 0; at < head.length; at += PACKET_BYTES) {
    if (head[at] !== SYNC) return undefined
    if (at + PACKET_BYTES > head.length) break
    const packet = head.subarray(at, at + PACKET_BYTES)
    if ((packet.readUInt8(3) & 0xc0) !== 0) return undefined
    const id = packet.readUInt16BE(1) & 0x1fff
    const payload = payloadStart(packet)
    if (payload === undefined) continue
    if (id === 0 && mapId === undefined) mapId = mapIdIn(tableIn(payload))
    else if (id === mapId && !tracks) tracks = tracksIn(tableIn(payload))
    else if (MEDIA_START.every((byte, index) => payload[index] === byte)) begun.add(id)
  }
  if (!tracks?.every(({ type }) => type in PICTURES || type in SOUNDS)) return undefined
  const chosen = [PICTURES, SOUNDS].flatMap((kind) => {
    const track = tracks.find(({ type }) => type in kind)
    return track ? [{ id: track.id, codec: kind[track.type] as string }] : []
  })
  return chosen.some(({ id }) => begun.has(id)) ? chosen.map(({ codec }) => codec) : undefined
}

/** Undefined unless a table or media begin in this packet. */
function payloadStart(packet: Buffer): Buffer | undefined {
  const [begins, flags] = [(packet.readUInt8(1) & 0x40) !== 0, packet.readUInt8(3)]
  if (!begins || (flags & 0x10) === 0) return undefined
  return packet.subarray(4 + ((flags & 0x20) === 0 ? 0 : 1 + packet.readUInt8(4)))
}

/** A table without its checksum, which is right; undefined for one that does not end in this packet. */
function tableIn(payload: Buffer): Buffer | undefined {
  const table = payload.subarray(1 + (payload[0] ?? 0))
  if (table.length < 3) return undefined
  const sizeBytes = 3 + (table.readUInt16BE(1) & 0x0fff)
  if (sizeBytes < 12 || sizeBytes > table.length || crcOf(table.subarray(0, sizeBytes)) !== 0)
    return undefined
  return table.subarray(0, sizeBytes - 4)
}

/** Of the only program. */
function mapIdIn(table: Buffer | undefined): number | undefined {
  return table?.length === 12 && table.readUInt16BE(8) !== 0 ? table.readUInt16BE(10) & 0x1fff : undefined
}

function tracksIn(table: Buffer | undefined): readonly Track[] | undefined {
  if (!table || table.length < 12) return undefined
  const tracks: Track[] = []
  for (let at = 12 + (table.readUInt16BE(10) & 0x0fff); at + 5 <= table.length;) {
    tracks.push({ type: table.readUInt8(at), id: table.readUInt16BE(at + 1) & 0x1fff })
    at += 5 + (table.readUInt16BE(at + 3) & 0x0fff)
  }
  return tracks
}

/** 0 for a table with its own checksum behind it (ISO/IEC 13818-1, annex A). */
function crcOf(bytes: Buffer): number {
  let crc = -1
  for (const byte of bytes) {
    crc ^= byte << 24
    for (let bit = 0; bit < 8; bit++) crc = (crc << 1) ^ (crc < 0 ? 0x04c11db7 : 0)
  }
  return crc
}
