/**
 * FFmpeg's segment muxer as a stream of finished files. A slow consumer slows FFmpeg down: it is stopped while more
 * than a few files wait, so that the disk usage stays bounded.
 *
 * The brake of the range proxy is not enough: FFmpeg and the kernel have read megabytes ahead, which may be hundreds of chunks,
 * and small sources are files.
 * @module
 */
import { startFfmpeg, type FfmpegOptions, type FfmpegRun } from '../../ffmpeg/run/ffmpeg.ts'
import type { FfmpegResult } from '../../ffmpeg/words/result.ts'
import { parseSegment, type Segment } from './segments.ts'

/** FFmpeg copies more than 1 GB/s, which no upload keeps up with. */
const MAX_UNTAKEN = 2

export interface SegmenterOptions extends Omit<FfmpegOptions, 'tool' | 'onLine'> {
  /** FFmpeg ended, successfully or not: called once, after the last segment. */
  readonly onEnd: (result: FfmpegResult) => void
}

/**
 * A file is final when it is yielded. Ends when FFmpeg has ended; leaving the loop early ends FFmpeg.
 *
 * @throws {ToolError} when FFmpeg could not be started
 */
export async function* finishedSegments(options: SegmenterOptions): AsyncGenerator<Segment, void, void> {
  const untaken: Segment[] = []
  let wake = () => {}
  let isPaused = false
  let isOver = false
  const run: FfmpegRun = await startFfmpeg({
    ...options,
    tool: 'ffmpeg',
    onLine: (line) => {
      const segment = parseSegment(line)
      if (!segment) throw new Error(`FFmpeg's list of segments has an unknown line: ${JSON.stringify(line)}`)
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
  try {
    for (;;) {
      const segment = untaken.shift()
      if (segment) {
        yield segment
        continue
      }
      if (isOver) break
      if (isPaused) run.resume()
      isPaused = false
      await new Promise<void>((resolve) => (wake = resolve))
    }
    options.onEnd(await run.ended)
  } finally {
    run.kill()
    // No process outlives the attempt.
    await run.ended.catch(() => {})
  }
}
