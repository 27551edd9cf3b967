/** Durations: constants, the parser for settings such as `'2h'`, and a sleep that an AbortSignal ends. @module */

export const SECOND_MS = 1_000
export const MINUTE_MS = 60 * SECOND_MS
export const HOUR_MS = 60 * MINUTE_MS
export const DAY_MS = 24 * HOUR_MS

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: SECOND_MS, m: MINUTE_MS, h: HOUR_MS, d: DAY_MS }

/**
 * Milliseconds of a duration for people: `'500ms'`, `'60s'`, `'5m'`, `'2h'`, `'7d'`.
 *
 * @throws {RangeError} when the text is no such duration; the message quotes it and says what is valid
 */
export function parseDurationMs(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)$/.exec(text.trim())
  const unitMs = match ? UNIT_MS[match[2] as string] : undefined
  if (!match || unitMs === undefined) {
    throw new RangeError(
      `"${text}" is no duration: write a number and one of ms, s, m, h, d, such as "90s" or "2h"`,
    )
  }
  return Math.round(Number(match[1]) * unitMs)
}

/** Resolves after `delayMs`, or at once when `signal` is aborted; it never rejects, so ask the signal afterwards. */
export function sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, delayMs)
    signal?.addEventListener('abort', done, { once: true })
  })
}
