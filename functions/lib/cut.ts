/** A file -> its chunks, each as soon as it is final and its end is known, and the proof that they are the whole. @module */
import { join } from 'node:path'
import { PermanentError, type ChunkTimes } from '../../runtime/index.ts'
import type { ChunkPlan } from './container.ts'
import { decodingWarning, isCutShort } from './diagnosis.ts'
import { failureOf } from './failure.ts'
import type { FfmpegResult } from './ffmpeg.ts'
import type { Inspection } from './inspect.ts'
import type { FfmpegProgress } from './progress.ts'
import type { Recipe } from './recipe.ts'
import { finishedSegments } from './segmenter.ts'
import * as segments from './segments.ts'
import { ToolError } from './tool-error.ts'

export interface Chunk {
  readonly path: string
  readonly fileName: string
  readonly times: ChunkTimes
}

export interface CutOptions {
  readonly recipe: Recipe
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
 * Cuts as the recipe says. The last chunk is yielded only when all of them add up to what the file declares.
 *
 * @throws {PermanentError} when the file is damaged; chunks that came before are good, but not the whole
 * @throws {ToolError} when FFmpeg did not run, was killed or lost its input
 */
export async function* cut(options: CutOptions): AsyncGenerator<Chunk, void, void> {
  const { recipe, plan, seconds, scratch, onWarning } = options
  const toChunk = (segment: segments.Segment, index: number, endSeconds: number): Chunk => ({
    path: join(scratch, segment.fileName),
    fileName: segment.fileName,
    times: segments.chunkTimes(segment, { index, endSeconds, requestedSeconds: seconds }),
  })
  let result: FfmpegResult | undefined
  const finished = finishedSegments({
    profile: recipe.profile,
    arguments: recipe.arguments,
    limits: recipe.limits,
    cwd: scratch,
    signal: options.signal,
    onProgress: options.onProgress,
    onEnd: (ended) => (result = ended),
  })

  let last: segments.Segment | undefined
  let index = -1
  let isLeaning = false
  for await (const segment of finished) {
    if (last) {
      isLeaning ||= segments.leansOn(last, segment, plan.video?.framesPerSecond)
      // Only the next one's start tells where a chunk ends, so each waits for its successor.
      yield toChunk(last, index, segment.startSeconds)
    }
    last = segment
    index++
    if (index >= segments.MAX_CHUNKS) throw tooMany(seconds)
  }
  const endSeconds = endOfWhole(options, last, result)
  if (recipe.mode === 'copy' && isLeaning) onWarning(segments.LEANING_WARNING)
  if (last) yield toChunk(last, index, endSeconds)
}

/** Where the last chunk ends, when the chunks are the whole of the source. */
function endOfWhole(
  { recipe, inspection, plan, onWarning }: CutOptions,
  last: segments.Segment | undefined,
  result: FfmpegResult | undefined,
): number {
  const { media } = inspection
  if (recipe.mode === 'exact' && result) {
    if (isCutShort(result, media.format)) throw failureOf(result)
    const warning = decodingWarning(result)
    if (warning !== undefined) onWarning(warning)
  }
  const verdict = segments.checkTotals({
    last,
    mediaSeconds: result?.mediaSeconds,
    declaredSeconds: segments.declaredSeconds(media, plan.kept),
    latestSeconds: segments.latestSeconds(media, plan.kept),
    isEstimated: media.isDurationEstimated,
  })
  if (!verdict.isWhole) {
    const cause = new ToolError(verdict.reason, result ?? { tool: 'ffmpeg' })
    throw new PermanentError(verdict.reason, { cause })
  }
  if (verdict.warning !== undefined) onWarning(verdict.warning)
  return verdict.endSeconds
}

function tooMany(seconds: number): PermanentError {
  return new PermanentError(
    `more than ${segments.MAX_CHUNKS} chunks: choose "seconds" larger than ${seconds}, or a shorter file`,
  )
}
