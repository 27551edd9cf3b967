/**
 * The content of a finished chunk, read from its own tables: no second process (ffprobe of Debian takes 80 ms to start),
 * no packet but its header. Containers without tables (MP3, Ogg, WAV) are only weighed.
 * @module
 */
import type { FileHandle } from 'node:fs/promises'
import { openRegularFile } from '../../../runtime/index.ts'
import { matroskaTracks } from './matroska.ts'
import { mp4Tracks } from './mp4.ts'
import type { ChunkTrack } from './tracks.ts'

export interface ChunkFacts {
  readonly bytes: number
  /** Absent where the container has no tables. */
  readonly tracks?: readonly ChunkTrack[]
}

/** @param muxer - FFmpeg's name of the container */
export async function chunkFacts(path: string, muxer: string): Promise<ChunkFacts> {
  const file = await openRegularFile(path)
  try {
    const { size: bytes } = await file.stat()
    const read = READERS[muxer]
    return { bytes, ...(read && { tracks: await read(file, bytes) }) }
  } finally {
    await file.close()
  }
}

const READERS: Readonly<Record<string, (file: FileHandle, bytes: number) => Promise<readonly ChunkTrack[]>>> =
  {
    mp4: mp4Tracks,
    mov: mp4Tracks,
    ipod: mp4Tracks,
    matroska: matroskaTracks,
    webm: matroskaTracks,
  }

export interface Flaw {
  /** As the end of a sentence. */
  readonly reason: string
  /** It is complete, and only earlier data tells how its first pictures look. */
  readonly isPlayable: boolean
}

/** The flaw of a chunk; undefined if it has none. */
export function flawOf({ bytes, tracks }: ChunkFacts, hasPicture: boolean): Flaw | undefined {
  const bad = (reason: string, isPlayable = false): Flaw => ({ reason, isPlayable })
  if (bytes === 0) return bad('it is empty')
  if (!tracks) return undefined
  if (tracks.every(({ packets }) => packets === 0)) return bad('it has no packets')
  const picture = tracks.find(({ kind }) => kind === 'video')
  if (!hasPicture) return undefined
  if (!picture || picture.packets === 0) return bad('it has no picture')
  if (picture.beginsWithKeyframe) return undefined
  return bad(picture.keyframes > 0 ? 'it does not begin with a keyframe' : NO_KEYFRAME, true)
}

const NO_KEYFRAME = 'it has no keyframe, so none of its pictures can be decoded without earlier ones'
