/** Times, durations and counts as commands print them. Pure. @module */

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

/** The age, for a column. */
export function ageText(time: string, nowMs = Date.now()): string {
  return durationText(nowMs - Date.parse(time))
}

/** The time, and how far away it is. */
export function timeText(time: string, nowMs = Date.now()): string {
  const agoMs = nowMs - Date.parse(time)
  return agoMs >= 0 ? `${time} (${durationText(agoMs)} ago)` : `${time} (in ${durationText(-agoMs)})`
}

export function countText(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`
}
