/** One after another: who has the turn, and who waits for it in order. @module */
import { MINUTE_MS } from '../time.ts'

export interface Turn {
  /** May be called more than once. */
  end(): void
}

export interface Turns {
  /** Resolves when all that came before have ended their turns, or have had them for too long. */
  take(): Promise<Turn>
}

/** A child that takes longer to load keeps the others waiting no further. */
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
