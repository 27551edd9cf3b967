/** A sample clip, made with FFmpeg, so that the project contains no video. @module */
import { execFile } from 'node:child_process'
import { mkdir, rename } from 'node:fs/promises'
import { dirname } from 'node:path'
import { promisify } from 'node:util'
import { SERVER_PATIENCE_MS } from '../patience.ts'
import { ffmpegBinaries } from '../../../functions/ffmpeg/build/binaries.ts'

const run = promisify(execFile)

export const SAMPLE_SECONDS = 12
/** Chunks of a stream copy begin only at keyframes, so the picture has a keyframe at the same interval. */
export const SAMPLE_CHUNK_SECONDS = 2
const FRAMES_PER_SECOND = 25

const QUIETLY = ['-hide_banner', '-loglevel', 'error', '-nostdin', '-y']
/** In order of preference: some distributions leave out H.264. */
const VIDEO_CODECS = [
  ['libx264', '-preset', 'veryfast'],
  ['mpeg4', '-q:v', '5'],
] as const

/** Writes the clip: a moving test picture with a clock, and a tone. */
export async function makeSample(path: string, signal?: AbortSignal): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  const { ffmpegPath } = await ffmpegBinaries()
  // It gets its name only when it is complete.
  const draft = `${path}.part.mp4`
  let lastError: unknown
  for (const codec of VIDEO_CODECS) {
    try {
      await run(ffmpegPath, sampleArgs(codec, draft), { timeout: SERVER_PATIENCE_MS, signal })
      await rename(draft, path)
      return
    } catch (error) {
      signal?.throwIfAborted()
      lastError = error
    }
  }
  throw new Error(`${ffmpegPath} could not make the sample clip`, { cause: lastError })
}

function sampleArgs(codec: readonly string[], path: string): string[] {
  const picture = `testsrc2=size=640x360:rate=${FRAMES_PER_SECOND}:duration=${SAMPLE_SECONDS}`
  const tone = `sine=frequency=440:sample_rate=48000:duration=${SAMPLE_SECONDS}`
  const inputs = ['-f', 'lavfi', '-i', picture, '-f', 'lavfi', '-i', tone]
  const keyframes = ['-g', String(SAMPLE_CHUNK_SECONDS * FRAMES_PER_SECOND), '-sc_threshold', '0']
  const video = ['-c:v', ...codec, ...keyframes, '-pix_fmt', 'yuv420p']
  const audio = ['-c:a', 'aac', '-b:a', '96k']
  return [...QUIETLY, ...inputs, ...video, ...audio, '-movflags', '+faststart', '-f', 'mp4', path]
}
