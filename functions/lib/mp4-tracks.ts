/** The tables of an MP4 or MOV file as FFmpeg's muxers write it. @module */
import type { FileHandle } from 'node:fs/promises'
import type { ChunkTrack } from './chunk-facts.ts'
import { boxes, editsOf, find, pairs, ticksPerSecond, within, type Box, type Pair } from './mp4-boxes.ts'

/** More tables than a chunk of any length has. */
const MAX_MOOV_BYTES = 256 * 1024 ** 2
/** So many packets after a keyframe may be shown before it. */
const LOOKED_AT = 64
const KINDS: Readonly<Record<string, ChunkTrack['kind']>> = { vide: 'video', soun: 'audio' }

/** @throws {Error} when there are no tables, or they are torn */
export async function mp4Tracks(file: FileHandle, bytes: number): Promise<readonly ChunkTrack[]> {
  const moov = boxes(await readMoov(file, bytes))
  const perSecond = ticksPerSecond(find(moov, 'mvhd'))
  return moov.filter(({ type }) => type === 'trak').map(({ content }) => trackOf(boxes(content), perSecond))
}

function trackOf(trak: readonly Box[], moviePerSecond: number): ChunkTrack {
  const media = boxes(find(trak, 'mdia'))
  const tables = boxes(within(find(media, 'minf'), 'stbl'))
  const perSecond = ticksPerSecond(find(media, 'mdhd'))
  const durations = pairs(find(tables, 'stts'))
  const edits = editsOf(within(find(trak, 'edts'), 'elst'))
  // The waits among them, too.
  const edited = edits.reduce((total, { lasts }) => total + lasts, 0) / moviePerSecond
  const sum = durations.reduce((total, [count, duration]) => total + count * duration, 0)
  const sync = find(tables, 'stss')
  return {
    kind: KINDS[find(media, 'hdlr')?.toString('latin1', 8, 12) ?? ''] ?? 'other',
    packets: durations.reduce((total, [count]) => total + count, 0),
    endSeconds: edits.length > 0 ? edited : sum / perSecond,
    // Without this table all of them are keyframes.
    beginsWithKeyframe: !sync || (sync.length >= 12 && sync.readUInt32BE(8) === 1),
    isIndependent: isIndependent(durations, pairs(find(tables, 'ctts'))),
  }
}

/** Whether no packet among the first ones is shown before the very first. */
function isIndependent(durations: readonly Pair[], delays: readonly Pair[]): boolean {
  const [duration, delay] = [valueAt(durations), valueAt(delays)]
  let decodedAt = 0
  for (let packet = 1; packet < LOOKED_AT; packet++) {
    const lasts = duration(packet - 1)
    if (lasts === undefined) break
    decodedAt += lasts
    const late = delay(packet)
    if (late !== undefined && decodedAt + late <= (delay(0) ?? 0)) return false
  }
  return true
}

function valueAt(rows: readonly Pair[]): (packet: number) => number | undefined {
  return (packet) => {
    let before = 0
    for (const [count, value] of rows) if (packet < (before += count)) return value
    return undefined
  }
}

async function readMoov(file: FileHandle, bytes: number): Promise<Buffer> {
  const head = Buffer.alloc(16)
  for (let at = 0; at + 8 <= bytes;) {
    await file.read(head, 0, 16, at)
    const [short, type] = [head.readUInt32BE(0), head.toString('latin1', 4, 8)]
    const [headBytes, size] =
      short === 1 ? [16, Number(head.readBigUInt64BE(8))] : [8, short === 0 ? bytes - at : short]
    if (size < headBytes || at + size > bytes)
      throw new Error(`the chunk is torn: its box ${type} does not fit into it`)
    if (type === 'moov') {
      if (size > MAX_MOOV_BYTES) throw new Error('the tables of the chunk are too large')
      const content = Buffer.alloc(size - headBytes)
      await file.read(content, 0, content.length, at + headBytes)
      return content
    }
    at += size
  }
  throw new Error('the chunk has no tables')
}
