/** A piece that came out too large is cut again, from itself: on real FFmpeg. */
import { copyFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import type { ChunkPlan } from '../../functions/media/container.ts'
import type { VideoStream } from '../../functions/media/media-info.ts'
import { splitPiece } from '../../functions/chunk/pieces/split.ts'
import { CLIP_SECONDS, CLIPS, clipFolder, makeMedia, pictureHashes } from '../helpers/clips.ts'

const folder = await clipFolder()
afterAll(() => rm(folder, { recursive: true }))
const video: VideoStream = { index: 0, codec: 'h264', isDefault: true, rotation: 0, isHdr: false }
const plan: ChunkPlan = {
  container: { muxer: 'mp4', extension: 'mp4', contentType: 'video/mp4' },
  kept: [video],
  subtitles: [],
  dropped: [],
  video,
}
const options = { depth: 0, plan, scratch: folder, signal: new AbortController().signal }

it('gives smaller pieces with all pictures, and where each begins', async () => {
  const whole = await makeMedia(join(folder, 'film.mp4'), CLIPS['video-only.mp4'], CLIP_SECONDS, '320x180')
  const path = join(folder, 'chunk-00007.mp4')
  await copyFile(whole, path)
  const pieces = await splitPiece({ ...options, path, limitBytes: 300_000 })
  expect(pieces.length).toBeGreaterThan(1)
  const sizes = await Promise.all(pieces.map(async (piece) => (await stat(piece.path)).size))
  expect(sizes.filter((bytes) => bytes > 300_000)).toEqual([])
  const starts = pieces.map(({ startSeconds }) => startSeconds)
  expect(starts).toEqual([...new Set(starts)].sort((a, b) => a - b))
  expect(starts[0]).toBe(0)
  expect(await pictureHashes(...pieces.map((piece) => piece.path))).toEqual(await pictureHashes(whole))
  await expect(stat(path)).rejects.toThrow('ENOENT')
})

it('fails where there is no place for a cut', async () => {
  const path = await makeMedia(join(folder, 'film.mp4'), CLIPS['video-only.mp4'], CLIP_SECONDS, '320x180')
  await expect(splitPiece({ ...options, path, limitBytes: 70_000 })).rejects.toThrow(
    /choose a larger "bytes"/,
  )
})
