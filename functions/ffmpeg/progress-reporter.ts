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
      // Streams are read by turns, so the furthest time may fall back a little; nobody wants to see that.
      const furthest = known(Math.max(mediaSeconds ?? 0, last.mediaSeconds ?? 0)) ?? 0
      const isAnyKnown = mediaSeconds !== undefined || last.mediaSeconds !== undefined
      const whole = known(durationSeconds)
      const pace = known(speed)
      const percent = isAnyKnown && whole ? Math.min(100, (furthest / whole) * 100) : undefined
      const left = isAnyKnown && whole && pace ? Math.max(0, whole - furthest) / pace : undefined
      last = {
        ...(isAnyKnown && { mediaSeconds: furthest }),
        ...(percent !== undefined && { percent: Math.round(percent * 10) / 10 }),
        ...(pace !== undefined && { speed: pace }),
        ...(known(left) !== undefined && left !== undefined && { secondsLeft: Math.round(left * 10) / 10 }),
      }
      send(last)
    },
    repeat: () => send(last),
  }
}

function known(value: number | undefined): number | undefined {
  return value !== undefined && Number.isFinite(value) && value >= 0 ? value : undefined
}
