/**
 * FFmpeg's `-progress` report -> the runtime's progress, which counts each report as a sign of life. FFmpeg writes blocks of
 * `name=value` lines, each ended by `progress=continue` or `progress=end`. Pure but for its own state.
 * @module
 */
import type { Progress } from '../../../runtime/index.ts'

/** Unknown values ("N/A", as for streams without timestamps) stay absent. */
export interface FfmpegProgress {
  readonly mediaSeconds?: number
  /** Media seconds per second. */
  readonly speed?: number
}

/** Feeds on lines; answers at the end of each block. */
export function createProgressParser(): (line: string) => FfmpegProgress | undefined {
  let block: Record<string, string> = {}
  return (line) => {
    const separator = line.indexOf('=')
    if (separator < 0) return undefined
    const name = line.slice(0, separator).trim()
    block[name] = line.slice(separator + 1).trim()
    if (name !== 'progress') return undefined
    const report = block
    block = {}
    return toProgress(report)
  }
}

function toProgress(report: Readonly<Record<string, string>>): FfmpegProgress {
  // `out_time_ms` is in microseconds too, and not in every build: only this name means the same everywhere.
  const micros = toNumber(report['out_time_us'])
  const speed = toNumber(report['speed']?.replace(/x$/, ''))
  return {
    // Negative before the first packet whose time counts.
    ...(micros !== undefined && micros >= 0 && { mediaSeconds: micros / 1e6 }),
    ...(speed !== undefined && { speed }),
  }
}

function toNumber(text: string | undefined): number | undefined {
  if (text === undefined || text === '') return undefined
  const value = Number(text)
  return Number.isFinite(value) ? value : undefined
}

export interface ProgressReporter {
  report(this: void, progress: FfmpegProgress): void
  /** Repeats the last report: something other than FFmpeg made progress, such as an upload while FFmpeg is stopped. */
  repeat(this: void): void
}

export function createProgressReporter(
  durationSeconds: number | undefined,
  send: (progress: Progress) => void,
): ProgressReporter {
  let last: Progress = {}
  return {
    report({ mediaSeconds, speed }) {
      // Streams are read in turns, so the furthest time may fall back a little, which is not shown.
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
