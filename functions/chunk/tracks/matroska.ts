/** The blocks of a Matroska or WebM file as FFmpeg's muxer writes it: sizes are known, one cluster after another. @module */
import type { FileHandle } from 'node:fs/promises'
import type { ChunkTrack } from './tracks.ts'

const ID = {
  segment: 0x18538067,
  info: 0x1549a966,
  scale: 0x2ad7b1,
  tracks: 0x1654ae6b,
  entry: 0xae,
  number: 0xd7,
  type: 0x83,
  frameTime: 0x23e383,
  cluster: 0x1f43b675,
  time: 0xe7,
  simpleBlock: 0xa3,
  group: 0xa0,
  block: 0xa1,
  lasts: 0x9b,
  leans: 0xfb,
} as const
/** Elements that only hold others: their content is read. */
const HOLDERS: readonly number[] = [ID.segment, ID.info, ID.tracks, ID.entry, ID.cluster, ID.group]
const KINDS: Readonly<Record<number, ChunkTrack['kind']>> = { 1: 'video', 2: 'audio' }
/** More than the heads of what one read may meet. */
const READ_BYTES = 65_536
const LOOKED_AT = 64

interface Counted {
  kind: ChunkTrack['kind']
  packets: number
  firstMs: number
  /** Of the second packet. */
  nextMs: number
  leanMs: number
  endMs: number
  frameMs: number
  keyframes: number
  beginsWithKeyframe: boolean
  isIndependent: boolean
}

/** @throws {Error} when there are no tracks */
export async function matroskaTracks(file: FileHandle, bytes: number): Promise<readonly ChunkTrack[]> {
  const tracks = new Map<number, Counted>()
  let [scaleMs, clusterTime, number] = [1, 0, 0]
  let last: Counted | undefined
  const count = (place: number, time: number, isKey: boolean) => {
    const track = tracks.get(place)
    if (!track) return
    const ms = (clusterTime + time) * scaleMs
    if (track.packets === 0) Object.assign(track, { firstMs: ms, beginsWithKeyframe: isKey })
    // Where the source has no times, pictures that depend on the previous chunk get the keyframe's own.
    else if (track.packets < LOOKED_AT && ms <= track.firstMs) {
      track.isIndependent = false
      track.leanMs = Math.max(track.leanMs, track.firstMs - ms)
    }
    if (track.packets === 1) track.nextMs = ms
    track.packets++
    if (isKey) track.keyframes++
    track.endMs = Math.max(track.endMs, ms + track.frameMs)
    last = track
  }
  for await (const { id, value } of elements(file, bytes)) {
    if (id === ID.scale) scaleMs = unsigned(value) / 1e6
    else if (id === ID.number) {
      number = unsigned(value)
      tracks.set(number, { ...NOTHING })
    } else if (id === ID.type)
      Object.assign(tracks.get(number) ?? {}, { kind: KINDS[unsigned(value)] ?? 'other' })
    else if (id === ID.frameTime) Object.assign(tracks.get(number) ?? {}, { frameMs: unsigned(value) / 1e6 })
    else if (id === ID.time) clusterTime = unsigned(value)
    else if (id === ID.simpleBlock || id === ID.block) {
      const place = vint(value, 0)
      if (!place) continue
      const flags = value[place.length + 2] ?? 0
      // A block in a group leans on others when the group says so, which comes after it.
      count(place.value, value.readInt16BE(place.length), id === ID.block || (flags & 0x80) !== 0)
    } else if (id === ID.lasts && last)
      last.endMs = Math.max(last.endMs, last.endMs + unsigned(value) * scaleMs)
    else if (id === ID.leans && last) {
      last.keyframes--
      if (last.packets === 1) last.beginsWithKeyframe = false
    }
  }
  if (tracks.size === 0) throw new Error('the chunk has no tracks')
  return [...tracks.values()].map(
    ({ kind, packets, keyframes, endMs, beginsWithKeyframe, isIndependent, ...of }) => ({
      kind,
      packets,
      perSecond: 1_000 / scaleMs,
      hidden: 0,
      keyframes,
      endSeconds: endMs / 1_000,
      beginsWithKeyframe,
      isIndependent,
      ...(of.leanMs > 0 && { leanSeconds: of.leanMs / 1_000 }),
      ...(of.nextMs > of.firstMs && { firstPacketSeconds: (of.nextMs - of.firstMs) / 1_000 }),
    }),
  )
}

const NOTHING: Counted = {
  kind: 'other',
  packets: 0,
  firstMs: 0,
  nextMs: 0,
  leanMs: 0,
  endMs: 0,
  frameMs: 0,
  keyframes: 0,
  beginsWithKeyframe: true,
  isIndependent: true,
}

/** Of each element its first bytes: as many as heads of blocks and numbers have. */
async function* elements(file: FileHandle, bytes: number) {
  let [window, windowAt] = [Buffer.alloc(0), 0]
  for (let at = 0; at < bytes;) {
    if (at < windowAt || at + 32 > windowAt + window.length) {
      windowAt = at
      const read = await file.read(Buffer.alloc(READ_BYTES), 0, READ_BYTES, at)
      window = read.buffer.subarray(0, read.bytesRead)
    }
    const head = window.subarray(at - windowAt)
    const idLength = Math.clz32(head[0] ?? 0) - 23
    const size = vint(head, idLength)
    if (idLength > 4 || !size) return
    const id = head.readUIntBE(0, idLength)
    const start = idLength + size.length
    yield { id, value: head.subarray(start, start + Math.min(size.value, 16)) }
    at += start + (HOLDERS.includes(id) ? 0 : size.value)
  }
}

/** A number whose length is in its first byte. */
function vint(bytes: Buffer, at: number): { readonly value: number; readonly length: number } | undefined {
  const first = bytes[at]
  const length = Math.clz32(first ?? 0) - 23
  if (first === undefined || length > 8 || at + length > bytes.length) return undefined
  let value = first & ((1 << (8 - length)) - 1)
  for (let next = 1; next < length; next++) value = value * 256 + (bytes[at + next] ?? 0)
  return { value, length }
}

function unsigned(bytes: Buffer): number {
  return bytes.reduce((sum, byte) => sum * 256 + byte, 0)
}
