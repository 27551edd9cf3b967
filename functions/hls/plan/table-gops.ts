/**
 * The packets of one picture track from the tables of an MP4 or QuickTime file, as ffprobe would list them, without a look at its
 * media data: half of the reading that a copy takes. Pure. Only for tables that can be read in one way; for others there is no
 * answer, and the packets are listed.
 * @module
 */
import { boxes, editsOf, find, ticksPerSecond, within, type Box } from '../../media/bytes/mp4-boxes.ts'
import type { DeclaredTrack } from '../../media/bytes/mp4-source.ts'
import type { Packet } from '../../media/packets/packets.ts'

export type TimedPacket = Pick<Packet, 'pts' | 'duration' | 'isKey'>

/** A day at 240 pictures a second. */
const MAX_PACKETS = 20_000_000
/** Tables that say in other ways which pictures can be begun with. */
const OTHER_KEYS = ['stps', 'sbgp']

/**
 * Calls `onPacket` with each packet in the order of decoding, times in seconds.
 *
 * @param moov - the content of the box
 * @returns whether the tables could be read in one way; otherwise what `onPacket` got is worth nothing
 */
export function packetsInTables(
  moov: Buffer,
  { trackId, packets, edits, hiddenBefore, hiddenAfter }: DeclaredTrack,
  onPacket: (packet: TimedPacket) => void,
): boolean {
  const movie = boxes(moov)
  const trak = movie.find(({ type, content }) => type === 'trak' && idOf(content) === trackId)?.content
  const media = within(trak, 'mdia')
  const tables = boxes(within(media, 'minf/stbl'))
  const list = editsOf(within(trak, 'edts/elst'))
  const sync = find(tables, 'stss')
  const isPlain =
    find(movie, 'mvex') === undefined &&
    packets > 0 &&
    packets <= MAX_PACKETS &&
    countOf(tables, 'stsz', 8) === packets &&
    countOf(tables, 'stsd', 4) === 1 &&
    !tables.some(({ type }) => OTHER_KEYS.includes(type)) &&
    list.length === edits &&
    edits <= 1 &&
    hiddenBefore + hiddenAfter === 0
  const lasting = rowsOf(find(tables, 'stts'))
  const delays = rowsOf(find(tables, 'ctts'))
  if (!isPlain || !sync || sync.length < 8 || !lasting) return false
  const perSecond = ticksPerSecond(within(media, 'mdhd'))
  const begin = list[0]?.mediaTime ?? 0
  const keys = Math.min(sync.readUInt32BE(4), (sync.length - 8) >> 2)
  let [key, decodedAt, earliest] = [0, 0, Infinity]
  for (let packet = 1; packet <= packets; packet++) {
    const [ticks, delay] = [lasting(), delays ? delays() : 0]
    if (ticks === undefined || delay === undefined || ticks < 0) return false
    const isKey = key < keys && sync.readUInt32BE(8 + key * 4) === packet
    if (isKey) key++
    const shownAt = decodedAt + delay - begin
    earliest = Math.min(earliest, shownAt)
    onPacket({ pts: micros(shownAt / perSecond), duration: micros(ticks / perSecond), isKey })
    decodedAt += ticks
  }
  // Every keyframe was met, every row used; and what is shown first is where the edit begins.
  const isUsed = lasting() === undefined && (!delays || delays() === undefined)
  return key === keys && isUsed && (list.length === 0 ? earliest >= 0 : earliest === 0)
}

function idOf(trak: Buffer): number | undefined {
  const header = within(trak, 'tkhd')
  return header && header.length >= 24 ? header.readUInt32BE(header[0] === 1 ? 20 : 12) : undefined
}

function countOf(tables: readonly Box[], type: string, at: number): number | undefined {
  const table = find(tables, type)
  return table && table.length >= at + 4 ? table.readUInt32BE(at) : undefined
}

/** The value of each packet in turn, from rows of a count and a value; row by row, as a film of ten hours has a million of them. */
function rowsOf(table: Buffer | undefined): (() => number | undefined) | undefined {
  if (!table || table.length < 8) return undefined
  const end = Math.min(table.length - 7, 8 + table.readUInt32BE(4) * 8)
  let [at, left, value] = [8, 0, 0]
  return () => {
    while (left === 0) {
      if (at >= end) return undefined
      ;[left, value] = [table.readUInt32BE(at), table.readInt32BE(at + 4)]
      at += 8
    }
    left--
    return value
  }
}

/** ffprobe rounds to them. */
function micros(seconds: number): number {
  return Math.round(seconds * 1e6) / 1e6
}
