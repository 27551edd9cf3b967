/** Times, durations and sizes: as people give them to a command, and as it shows them. Pure. @module */
import { InvalidArgumentError } from 'commander'
import { parseDurationMs } from '../../time.ts'

/** RFC 3339 of `2d` (so long ago), `2026-11-23` (its beginning in UTC) or a whole RFC 3339 time. */
export function timeArgument(text: string, nowMs = Date.now()): string {
  const wanted =
    'write how long ago, such as 90m, 2h or 7d, or a time such as 2026-11-23 or 2026-11-23T14:00:00Z'
  const isTime = /^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?$/i.test(text)
  const ms = isTime ? Date.parse(text.replace(' ', 'T')) : nowMs - durationMs(text, wanted)
  if (Number.isNaN(ms) || Math.abs(ms) > 8.64e15)
    throw new InvalidArgumentError(`"${text}" is no time: ${wanted}`)
  return new Date(ms).toISOString()
}

function durationMs(text: string, wanted: string): number {
  try {
    return parseDurationMs(text)
  } catch {
    throw new InvalidArgumentError(`"${text}" is no time: ${wanted}`)
  }
}

export function countArgument(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('a whole number of at least 1.')
  return Number(text)
}

export function rateArgument(text: string): number {
  const rate = Number(text)
  if (!(rate >= 0.01 && rate <= 10_000))
    throw new InvalidArgumentError('runs a second, a number from 0.01 to 10000.')
  return rate
}

/** `850ms`, `1.5s`, `12s`, `5m`, `3h`, `2d`. */
export function durationText(ms: number): string {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))}ms`
  const seconds = ms / 1_000
  if (seconds < 10) return `${Math.round(seconds * 10) / 10}s`
  if (seconds < 120) return `${Math.round(seconds)}s`
  if (seconds < 2 * 3_600) return `${Math.round(seconds / 60)}m`
  if (seconds < 2 * 86_400) return `${Math.round(seconds / 3_600)}h`
  return `${Math.round(seconds / 86_400)}d`
}

/** How long ago, for a column. */
export function ageText(time: string, nowMs = Date.now()): string {
  return durationText(nowMs - Date.parse(time))
}

/** The time, and how far it is from now. */
export function timeText(time: string, nowMs = Date.now()): string {
  const agoMs = nowMs - Date.parse(time)
  return agoMs >= 0 ? `${time} (${durationText(agoMs)} ago)` : `${time} (in ${durationText(-agoMs)})`
}

export function countText(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`
}
