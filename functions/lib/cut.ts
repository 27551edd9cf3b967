/** A file -> its chunks, each as soon as it is final and its end is known, and the proof that they are the whole. @module */
import { join, relative } from 'node:path'
import { PermanentError, type ChunkTimes } from '../../runtime/index.ts'
import { copyChunksArguments } from './arguments.ts'
import type { ChunkPlan } from './container.ts'
import type { FfmpegResult } from './ffmpeg.ts'
import type { Inspection } from './inspect.ts'
import type { FfmpegProgress } from './progress.ts'
import { finishedSegments } from './segmenter.ts'
import * as segments from './segments.ts'
import { ToolError } from './tool-error.ts'

export interface Chunk {
  readonly path: string
  readonly fileName: string
  readonly times: ChunkTimes
}

export interface CutOptions {
  readonly inputPath: string
  readonly inspection: Inspection
  readonly plan: ChunkPlan
  readonly seconds: number
  /** Where the chunks appear, and FFmpeg's working folder. */
  readonly scratch: string
  readonly signal: AbortSignal
  readonly onProgress: (progress: FfmpegProgress) => void
  readonly onWarning: (warning: string) => void
}

/**
 * Cuts at keyframes. The last chunk is yielded only when all of them add up to what the file declares.
 *
 * @throws {PermanentError} when the file is damaged; chunks that came before are good, but not the whole
 * @throws {ToolError} when FFmpeg did not run or was killed
 */
export async function* cutAtKeyframes(options: CutOptions): AsyncGenerator<Chunk, void, void> {
  const { inspection, plan, seconds, scratch } = options
  const toChunk = (segment: segments.Segment, index: number, endSeconds: number): Chunk => ({
    path: join(scratch, segment.fileName),
    fileName: segment.fileName,
    times: segments.chunkTimes(segment, { index, endSeconds, requestedSeconds: seconds }),
  })
  let result: FfmpegResult | undefined
  const finished = finishedSegments({
    profile: 'copy',
    arguments: copyChunksArguments({
      inputPath: relative(scratch, options.inputPath),
      streamIndexes: plan.kept.map(({ index }) => index),
      seconds,
      muxer: plan.container.muxer,
      outputPattern: `chunk-%05d.${plan.container.extension}`,
    }),
    cwd: scratch,
    signal: options.signal,
    // Copied packets are no larger than the source; the rest is for the container's own tables.
    limits: { fileBytes: 2 * inspection.sizeBytes + 64 * 1024 ** 2 },
    onProgress: options.onProgress,
    onEnd: (ended) => (result = ended),
  })

  let last: segments.Segment | undefined
  let index = -1
  let isLeaning = false
  for await (const segment of finished) {
    if (last) {
      isLeaning ||= segments.leansOn(last, segment, plan.framesPerSecond)
      // Only the next one's start tells where a chunk ends, so each waits for its successor.
      yield toChunk(last, index, segment.startSeconds)
    }
    last = segment
    index++
    if (index >= segments.MAX_CHUNKS) throw tooMany(seconds)
  }
  const verdict = segments.checkTotals({
    last,
    mediaSeconds: result?.mediaSeconds,
    declaredSeconds: segments.declaredSeconds(inspection.media, plan.kept),
    isEstimated: inspection.media.isDurationEstimated,
  })
  if (!verdict.isWhole) {
    const cause = new ToolError(verdict.reason, result ?? { tool: 'ffmpeg' })
    throw new PermanentError(verdict.reason, { cause })
  }
  if (verdict.warning !== undefined) options.onWarning(verdict.warning)
  if (isLeaning) options.onWarning(segments.LEANING_WARNING)
  if (last) yield toChunk(last, index, verdict.endSeconds)
}

function tooMany(seconds: number): PermanentError {
  return new PermanentError(
    `more than ${segments.MAX_CHUNKS} chunks: choose "seconds" larger than ${seconds}, or a shorter file`,
  )
}
