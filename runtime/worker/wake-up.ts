/** Wakes an idle worker. A wake-up that comes while nothing waits for it is kept for the next wait. @module */

export interface WakeUp {
  wake(): void
  /** Forgets wake-ups so far; look for work after this, then {@link WakeUp.wait}. */
  reset(): void
  /** Resolves at the next wake-up, at once when one was kept, or after `timeoutMs`. */
  wait(timeoutMs: number): Promise<void>
}

export function createWakeUp(): WakeUp {
  let isAwake = false
  let end: (() => void) | undefined
  return {
    wake() {
      isAwake = true
      end?.()
    },
    reset() {
      isAwake = false
    },
    wait(timeoutMs) {
      if (isAwake) return Promise.resolve()
      return new Promise((resolve) => {
        const done = () => {
          clearTimeout(timer)
          end = undefined
          resolve()
        }
        const timer = setTimeout(done, timeoutMs)
        end = done
      })
    },
  }
}
