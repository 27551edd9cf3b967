/**
 * Declarations of each track in the tables of an MP4 or QuickTime source: the number of packets, and which of them its edit list
 * shows. ffprobe reports the first but not the second.
 * @module
 */
import { boxes, editsOf, find, hiddenPackets, pairs, ticksPerSecond, within } from './mp4-boxes.ts'

export interface DeclaredTrack {
  readonly trackId: number
  readonly kind: 'video' | 'audio' | 'other'
  /** That hold anything: QuickTime may list empty ones. */
  readonly packets: number
  /** By the length of each packet, whatever the edit list says. */
  readonly mediaSeconds: number
  /** Edits that show something; a wait before the first one does not count. */
  readonly edits: number
  /** Packets before and after what its only edit shows. */
  readonly hiddenBefore: number
  readonly hiddenAfter: number
}

/** A warning, for a source that FFmpeg knows as MP4 or QuickTime and of which we find no track. */
export const UNREAD_TABLES =
  'the tables of the file could not be read (larger than 256 MiB, compressed, or behind more than 1,000 boxes): encryption and the declared number of packets were not checked'

type Read = (start: number, count: number) => Promise<Buffer>

/** As of a chunk: more than days of recording have. Larger tables are not read: the file gets {@link UNREAD_TABLES}. */
const MAX_MOOV_BYTES = 256 * 1024 ** 2
const MAX_BOXES = 1_000
const KINDS: Readonly<Record<string, DeclaredTrack['kind']>> = { vide: 'video', soun: 'audio' }

/**
 * In the order of the file; none if there are no readable tables.
 *
 * @param read - up to `count` bytes from `start` on
 */
export async function declaredTracks(read: Read, sizeBytes: number): Promise<readonly DeclaredTrack[]> {
  const moov = boxes(await readMoov(read, sizeBytes))
  const moviePerSecond = ticksPerSecond(find(moov, 'mvhd'))
  return moov.filter(({ type }) => type === 'trak').map(({ content }) => trackOf(content, moviePerSecond))
}

/** The content of the box `moov`; `undefined` where there is none, or it is too large. */
export async function readMoov(read: Read, sizeBytes: number): Promise<Buffer | undefined> {
  let at = 0
  for (let count = 0; count < MAX_BOXES && at + 8 <= sizeBytes; count++) {
    const head = await read(at, 16)
    if (head.length < 16) return undefined
    const [short, type] = [head.readUInt32BE(0), head.toString('latin1', 4, 8)]
    const isLong = short === 1
    // The last box may leave it open.
    const size = isLong ? Number(head.readBigUInt64BE(8)) : short || sizeBytes - at
    if (size < (isLong ? 16 : 8)) return undefined
    if (type === 'moov') {
      return size > MAX_MOOV_BYTES ? undefined : read(at + (isLong ? 16 : 8), size - (isLong ? 16 : 8))
    }
    at += size
  }
  return undefined
}

function trackOf(trak: Buffer, moviePerSecond: number): DeclaredTrack {
  const media = within(trak, 'mdia')
  const tables = boxes(within(media, 'minf/stbl'))
  const perSecond = ticksPerSecond(within(media, 'mdhd'))
  const header = within(trak, 'tkhd')
  const edits = editsOf(within(trak, 'edts/elst')).filter(({ mediaTime }) => mediaTime >= 0)
  const packets = packetsIn(find(tables, 'stsz'))
  const kind = KINDS[within(media, 'hdlr')?.toString('latin1', 8, 12) ?? ''] ?? 'other'
  const hidden = hiddenPackets(trak, { moviePerSecond, packets, isPicture: kind === 'video' })
  return {
    trackId: header && header.length >= 24 ? header.readUInt32BE(header[0] === 1 ? 20 : 12) : 0,
    kind,
    packets,
    mediaSeconds: ticksIn(find(tables, 'stts')) / perSecond,
    edits: edits.length,
    hiddenBefore: hidden.before,
    hiddenAfter: hidden.after,
  }
}

function ticksIn(durations: Buffer | undefined): number {
  let ticks = 0
  for (const [count, lasts] of pairs(durations)) ticks += count * lasts
  return ticks
}

/** Rows of `stsz`, or its one size for all, without the empty ones. */
function packetsIn(sizes: Buffer | undefined): number {
  if (!sizes || sizes.length < 12) return 0
  const [every, count] = [sizes.readUInt32BE(4), sizes.readUInt32BE(8)]
  if (every > 0) return count
  let packets = 0
  for (let at = 12; at < 12 + count * 4 && at + 4 <= sizes.length; at += 4)
    if (sizes.readUInt32BE(at) > 0) packets++
  return packets
}
