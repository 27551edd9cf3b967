/** Durations: constants, the parser for settings such as `'2h'`, a sleep that an AbortSignal ends, and allowance for a busy machine. @module */
import { availableParallelism, loadavg } from 'node:os'

export const SECOND_MS = 1_000
export const MINUTE_MS = 60 * SECOND_MS
export const HOUR_MS = 60 * MINUTE_MS
export const DAY_MS = 24 * HOUR_MS

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: SECOND_MS, m: MINUTE_MS, h: HOUR_MS, d: DAY_MS }

/**
 * Parses a duration as people write it, to milliseconds: `'500ms'`, `'60s'`, `'5m'`, `'2h'`, `'7d'`.
 *
 * @throws {RangeError} when the text is not a duration; the message quotes it and says what is valid
 */
export function parseDurationMs(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)$/.exec(text.trim())
  const unitMs = match ? UNIT_MS[match[2] as string] : undefined
  if (!match || unitMs === undefined) {
    throw new RangeError(
      `"${text}" is not a duration: write a number followed by ms, s, m, h or d, such as "90s" or "2h"`,
    )
  }
  return Math.round(Number(match[1]) * unitMs)
}

/** Resolves after `delayMs`, or at once when `signal` is aborted; it never rejects, so check the signal afterwards. */
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

/** Beyond this, load is not the explanation. */
const MAX_BUSYNESS = 10

/** How much longer things take than on an idle machine, from 1 to 10, estimated from the load (1 on Windows, which reports none). */
export function busyness(load = loadavg()[0] ?? 0, processors = availableParallelism()): number {
  return Math.min(MAX_BUSYNESS, Math.max(1, load / processors))
}

/** A timeout that suits an idle machine, extended for the present load. */
export function stretched(ms: number): number {
  return Math.ceil(ms * busyness())
}
