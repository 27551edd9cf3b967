/** Lets processes start one after another, in order. @module */
import { MINUTE_MS } from '../time.ts'

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
