/** When the supervisor starts a process: one after another, and with backoff. @module */
import { MINUTE_MS, SECOND_MS } from '../time.ts'

const FIRST_BACKOFF_MS = 500
/** For a process that never becomes ready: its port is taken, a file is missing. */
const LAST_BACKOFF_MS = 30 * SECOND_MS
/**
 * For a process that served, if only for a moment: most likely a file killed it. Such a file is given up after three crashes,
 * and the uploads behind it must not wait for it.
 */
const LAST_AFTER_SERVING_MS = 2 * SECOND_MS
/** A process that served this long starts again as if it were the first time. */
const SERVED_MS = 2 * SECOND_MS

export interface Life {
  /** The wait before this life; undefined for the first one. */
  readonly backoffMs: number | undefined
  /** How long it was ready; undefined when it never was. */
  readonly servedMs: number | undefined
}

export function nextBackoffMs({ backoffMs, servedMs }: Life): number {
  if (backoffMs === undefined || (servedMs ?? 0) > SERVED_MS) return FIRST_BACKOFF_MS
  const lastMs = servedMs === undefined ? LAST_BACKOFF_MS : LAST_AFTER_SERVING_MS
  return Math.min(backoffMs * 2, lastMs)
}

export interface Turn {
  /** May be called more than once. */
  end(): void
}

export interface Turns {
  /** Resolves when all earlier turns have ended, or have taken too long. */
  take(): Promise<Turn>
}

/** The others do not wait longer for a child that is loading. */
const LONGEST_TURN_MS = MINUTE_MS

export function createTurns(longestMs = LONGEST_TURN_MS): Turns {
  let last: Promise<void> = Promise.resolve()
  return {
    async take() {
      const before = last
      let end = () => {}
      last = new Promise((resolve) => {
        end = resolve
      })
      await before
      const timer = setTimeout(end, longestMs)
      return {
        end() {
          clearTimeout(timer)
          end()
        },
      }
    },
  }
}
