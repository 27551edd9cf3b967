/** The progress of work that reads the same media several times. Pure but for its own state. @module */
import type { Progress } from '../../runtime/index.ts'
import { createProgressReporter, type FfmpegProgress } from '../ffmpeg/run/progress.ts'

export interface PassesOptions {
  readonly count: number
  /** Of one pass. */
  readonly durationSeconds: number | undefined
  readonly send: (progress: Progress) => void
}

/** Each call begins the next pass; its answer takes FFmpeg's reports. The percentage is that of all passes, the time left only that of the last. */
export function inPasses({ count, durationSeconds, send }: PassesOptions) {
  let begun = 0
  return (): ((progress: FfmpegProgress) => void) => {
    const before = begun++
    const isLast = begun >= count
    return createProgressReporter(durationSeconds, ({ percent, secondsLeft, ...rest }) =>
      send({
        ...rest,
        ...(percent !== undefined && { percent: Math.round((before * 100 + percent) * (10 / count)) / 10 }),
        ...(isLast && secondsLeft !== undefined && { secondsLeft }),
      }),
    ).report
  }
}
