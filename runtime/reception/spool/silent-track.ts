/**
 * Short MPEG-TS files that announce a track and have nothing of it, as when a sender is cut after its first pictures: its sound comes
 * some tenths of a second behind them. A player that begins with such a piece shows nothing ever after (`playlist.ts`). Of the
 * container it reads which packets are there (ISO/IEC 13818-1, 2.4.3 and 2.4.4), and nothing of the media.
 * @module
 */
import { readFileSync } from 'node:fs'

const PACKET_BYTES = 188
const SYNC = 0x47
/** Longer pieces have all of it, or their sender is mute: measured, 0.3 s of pictures came without their sound, and 0.5 s with it. */
const LONGEST_SECONDS = 1
const MOST_BYTES = 8 * 1024 ** 2

interface Packet {
  readonly id: number
  readonly begins: boolean
  /** Without the header and what fills it up. */
  readonly payload: Buffer
}

function* packetsOf(bytes: Buffer): Generator<Packet> {
  for (let at = 0; at + PACKET_BYTES <= bytes.length && bytes[at] === SYNC; at += PACKET_BYTES) {
    const packet = bytes.subarray(at, at + PACKET_BYTES)
    const flags = packet.readUInt8(3)
    const hasPayload = (flags & 0x10) !== 0
    const fillBytes = (flags & 0x20) === 0 ? 0 : 1 + packet.readUInt8(4)
    const payload = hasPayload ? packet.subarray(4 + fillBytes) : packet.subarray(PACKET_BYTES)
    yield { id: packet.readUInt16BE(1) & 0x1fff, begins: (packet.readUInt8(1) & 0x40) !== 0, payload }
  }
}

/** The table that begins in a packet, without its checksum. FFmpeg's fit into one packet. */
function tableIn(payload: Buffer): Buffer {
  const table = payload.subarray(1 + (payload[0] ?? 0))
  if (table.length < 3) return table.subarray(0, 0)
  return table.subarray(0, Math.max(0, 3 + (table.readUInt16BE(1) & 0x0fff) - 4))
}

/** Whether a track that is announced has no packet. False where nothing is announced. Pure. */
export function hasSilentTrack(bytes: Buffer): boolean {
  let mapId: number | undefined
  const silent = new Set<number>()
  const heard = new Set<number>()
  for (const { id, begins, payload } of packetsOf(bytes)) {
    if (id === 0 && begins) {
      const table = tableIn(payload)
      if (table.length >= 12) mapId = table.readUInt16BE(10) & 0x1fff
    } else if (id === mapId && begins) {
      for (const track of tracksOf(tableIn(payload))) if (!heard.has(track)) silent.add(track)
    } else if (begins) {
      heard.add(id)
      silent.delete(id)
    }
  }
  return silent.size > 0
}

/** The identifiers of the tracks that a program map names. */
function tracksOf(table: Buffer): readonly number[] {
  const found: number[] = []
  if (table.length < 12) return found
  for (let at = 12 + (table.readUInt16BE(10) & 0x0fff); at + 5 <= table.length;) {
    found.push(table.readUInt16BE(at + 1) & 0x1fff)
    at += 5 + (table.readUInt16BE(at + 3) & 0x0fff)
  }
  return found
}

/** Of a file of so many seconds and bytes. */
export function hasSilentTrackIn(path: string, seconds: number, sizeBytes: number): boolean {
  return seconds < LONGEST_SECONDS && sizeBytes <= MOST_BYTES && hasSilentTrack(readFileSync(path))
}
