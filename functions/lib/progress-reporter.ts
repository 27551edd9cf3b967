/** FFmpeg's progress -> the runtime's, which takes each report as a sign of life. Pure but for its own state. @module */
import type { Progress } from '../../runtime/index.ts'
import type { FfmpegProgress } from './progress.ts'

export interface ProgressReporter {
  report(this: void, progress: FfmpegProgress): void
  /** Says the last one again: something else than FFmpeg got on, such as an upload while it is stopped. */
  repeat(this: void): void
}

export function createProgressReporter(
  durationSeconds: number | undefined,
  send: (progress: Progress) => void,
): ProgressReporter {
  let last: Progress = {}
  return {
    report({ mediaSeconds, speed }) {
      const percent =
        mediaSeconds !== undefined && durationSeconds !== undefined
          ? Math.min(100, (mediaSeconds / durationSeconds) * 100)
          : undefined
      last = {
        ...(mediaSeconds !== undefined && { mediaSeconds }),
        ...(percent !== undefined && { percent: Math.round(percent * 10) / 10 }),
        ...(speed !== undefined && { speed }),
      }
      send(last)
    },
    repeat: () => send(last),
  }
}
