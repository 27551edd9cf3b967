/** Waiting for news without missing any: a ring that nobody waits for is kept for the next one who asks. @module */

export interface Bell {
  ring(): void
  /** Forgets rings so far; ask the source of news after this, then {@link Bell.wait}. */
  reset(): void
  /** Resolves at the next ring, at once when one was kept, or after `timeoutMs`. */
  wait(timeoutMs: number): Promise<void>
}

export function createBell(): Bell {
  let hasRung = false
  let wakeUp: (() => void) | undefined
  return {
    ring() {
      hasRung = true
      wakeUp?.()
    },
    reset() {
      hasRung = false
    },
    wait(timeoutMs) {
      if (hasRung) return Promise.resolve()
      return new Promise((resolve) => {
        const done = () => {
          clearTimeout(timer)
          wakeUp = undefined
          resolve()
        }
        const timer = setTimeout(done, timeoutMs)
        wakeUp = done
      })
    },
  }
}
