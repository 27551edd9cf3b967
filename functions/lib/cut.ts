/**
 * Runs FFmpeg over a file and yields each chunk as soon as it is final and its end is known. Whoever takes them slowly
 * slows FFmpeg down: it is stopped while more than a few are untaken, so that the disk stays bounded.
 * @module
 */
import { join, relative } from 'node:path'
import { PermanentError, type ChunkTimes } from '../../runtime/index.ts'
import { copyChunksArguments } from './arguments.ts'
import type { ChunkPlan } from './container.ts'
import { failureOf } from './failure.ts'
import { startFfmpeg, type FfmpegRun } from './ffmpeg.ts'
import type { Inspection } from './inspect.ts'
import type { FfmpegProgress } from './progress.ts'
import { checkTotals, chunkTimes, MAX_CHUNKS, parseSegment, type Segment } from './segments.ts'

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

const MAX_UNTAKEN = 2

/**
 * @throws {PermanentError} when the file is damaged; chunks that came before are good, but not the whole
 * @throws {ToolError} when FFmpeg did not run or was killed
 */
export async function* cutAtKeyframes(options: CutOptions): AsyncGenerator<Chunk, void, void> {
  const { inspection, plan, seconds, scratch } = options
  const untaken: Segment[] = []
  let wake = () => {}
  let isPaused = false
  let isOver = false
  const run: FfmpegRun = await startFfmpeg({
    tool: 'ffmpeg',
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
    onLine: (line) => {
      const segment = parseSegment(line)
      if (!segment) throw new Error(`FFmpeg's list of chunks has an unknown line: ${JSON.stringify(line)}`)
      untaken.push(segment)
      if (untaken.length > MAX_UNTAKEN && !isPaused) {
        isPaused = true
        run.pause()
      }
      wake()
    },
  })
  const end = () => {
    isOver = true
    wake()
  }
  run.ended.then(end, end)

  const toChunk = (segment: Segment, index: number, endSeconds: number): Chunk => ({
    path: join(scratch, segment.fileName),
    fileName: segment.fileName,
    times: chunkTimes(segment, { index, endSeconds, requestedSeconds: seconds }),
  })
  try {
    let last: Segment | undefined
    let count = 0
    for (;;) {
      const segment = untaken.shift()
      if (segment) {
        // Only the next one's start tells where a chunk ends, so each waits for its successor.
        if (last) yield toChunk(last, count - 1, segment.startSeconds)
        last = segment
        count++
        if (count > MAX_CHUNKS) throw tooMany(seconds)
      } else if (isOver) {
        break
      } else {
        if (isPaused) run.resume()
        isPaused = false
        await new Promise<void>((resolve) => (wake = resolve))
      }
    }
    const result = await run.ended
    if (result.exitCode !== 0) throw failureOf(result)
    const { durationSeconds, isDurationEstimated } = inspection.media
    const verdict = checkTotals({
      last,
      mediaSeconds: result.mediaSeconds,
      declaredSeconds: durationSeconds,
      isEstimated: isDurationEstimated,
    })
    if (!verdict.isWhole) throw new PermanentError(verdict.reason)
    if (verdict.warning !== undefined) options.onWarning(verdict.warning)
    if (last) yield toChunk(last, count - 1, verdict.endSeconds)
  } finally {
    run.kill()
    // Also when the consumer stops early: no process outlives the attempt.
    await run.ended.catch(() => {})
  }
}

function tooMany(seconds: number): PermanentError {
  return new PermanentError(
    `more than ${MAX_CHUNKS} chunks: choose "seconds" larger than ${seconds}, or a shorter file`,
  )
}
