/** The tables of an MP4 or MOV file as FFmpeg's muxers write it. @module */
import type { FileHandle } from 'node:fs/promises'
import type { ChunkTrack } from './tracks.ts'
import { isKeyframe, LOOKED_AT_BYTES } from './keyframe.ts'
import {
  type Box,
  boxes,
  editsOf,
  find,
  type Hidden,
  hiddenPackets,
  type Pair,
  pairs,
  ticksPerSecond,
  within,
} from '../../media/bytes/mp4-boxes.ts'

/** More tables than a chunk of any length has. */
const MAX_MOOV_BYTES = 256 * 1024 ** 2
/** So many packets after a keyframe may be shown before it. */
const LOOKED_AT = 64
const KINDS: Readonly<Record<string, ChunkTrack['kind']>> = { vide: 'video', soun: 'audio' }

/** @throws {Error} when there are no tables, or they are torn */
export async function mp4Tracks(file: FileHandle, bytes: number): Promise<readonly ChunkTrack[]> {
  const moov = boxes(await readMoov(file, bytes))
  const perSecond = ticksPerSecond(find(moov, 'mvhd'))
  const traks = moov.filter(({ type }) => type === 'trak')
  return Promise.all(traks.map(({ content }) => trackOf(file, content, perSecond)))
}

async function trackOf(file: FileHandle, content: Buffer, moviePerSecond: number): Promise<ChunkTrack> {
  const trak = boxes(content)
  const media = boxes(find(trak, 'mdia'))
  const tables = boxes(within(find(media, 'minf'), 'stbl'))
  const perSecond = ticksPerSecond(find(media, 'mdhd'))
  const durations = [...pairs(find(tables, 'stts'))]
  const edits = editsOf(within(find(trak, 'edts'), 'elst'))
  // The waits among them, too.
  const edited = edits.reduce((total, { lasts }) => total + lasts, 0) / moviePerSecond
  const sum = durations.reduce((total, [count, duration]) => total + count * duration, 0)
  const kind = KINDS[find(media, 'hdlr')?.toString('latin1', 8, 12) ?? ''] ?? 'other'
  const packets = durations.reduce((total, [count]) => total + count, 0)
  const keyframes = await keyframesOf(file, tables, { kind, packets })
  return {
    kind,
    packets,
    perSecond,
    endSeconds: edits.length > 0 ? edited : sum / perSecond,
    hidden:
      kind === 'video' ? sumOf(hiddenPackets(content, { moviePerSecond, packets, isPicture: true })) : 0,
    ...keyframes,
    ...leaning(durations, [...pairs(find(tables, 'ctts'))], perSecond),
  }
}

function sumOf({ before, after }: Hidden): number {
  return before + after
}

/**
 * Without their table all packets are keyframes, by the standard; and FFmpeg writes none where it has seen no keyframe at all,
 * as in what was recorded from the middle of a group of pictures.
 */
async function keyframesOf(
  file: FileHandle,
  tables: readonly Box[],
  { kind, packets }: Pick<ChunkTrack, 'kind' | 'packets'>,
): Promise<Pick<ChunkTrack, 'keyframes' | 'beginsWithKeyframe'>> {
  const sync = find(tables, 'stss')
  if (sync && sync.length >= 8) {
    const keyframes = sync.readUInt32BE(4)
    return { keyframes, beginsWithKeyframe: sync.length >= 12 && sync.readUInt32BE(8) === 1 }
  }
  if (kind !== 'video' || packets === 0) return { keyframes: packets, beginsWithKeyframe: true }
  const isKey = isKeyframe(find(tables, 'stsd'), await firstPacket(file, tables)) ?? true
  return { keyframes: isKey ? packets : 0, beginsWithKeyframe: isKey }
}

async function firstPacket(file: FileHandle, tables: readonly Box[]): Promise<Buffer> {
  const [short, long, sizes] = ['stco', 'co64', 'stsz'].map((type) => find(tables, type))
  const at = short && short.length >= 12 ? short.readUInt32BE(8) : Number(long?.readBigUInt64BE(8) ?? 0)
  const size = sizes && sizes.length >= 12 ? sizes.readUInt32BE(4) || sizes.readUInt32BE(12) : 0
  const { buffer, bytesRead } = await file.read(
    Buffer.alloc(Math.min(size, LOOKED_AT_BYTES)),
    0,
    Math.min(size, LOOKED_AT_BYTES),
    at,
  )
  return buffer.subarray(0, bytesRead)
}

/** Whether a packet among the first ones is shown before the very first, and how much earlier. */
function leaning(
  durations: readonly Pair[],
  delays: readonly Pair[],
  perSecond: number,
): Pick<ChunkTrack, 'isIndependent' | 'leanSeconds'> {
  const [duration, delay] = [valueAt(durations), valueAt(delays)]
  const firstShown = delay(0) ?? 0
  let decodedAt = 0
  let isIndependent = true
  let leanTicks = 0
  for (let packet = 1; packet < LOOKED_AT; packet++) {
    const lasts = duration(packet - 1)
    if (lasts === undefined) break
    decodedAt += lasts
    const late = delay(packet)
    if (late === undefined || decodedAt + late > firstShown) continue
    isIndependent = false
    leanTicks = Math.max(leanTicks, firstShown - decodedAt - late)
  }
  return { isIndependent, ...(leanTicks > 0 && { leanSeconds: leanTicks / perSecond }) }
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
