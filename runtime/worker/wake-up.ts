/** The pause of a worker's loop, which ends when it is woken. @module */

export interface WakeUp {
  wake(): void
  /** Forgets wake-ups so far; look for work after this, then {@link WakeUp.wait}. */
  reset(): void
  /** Resolves at the next wake-up, at once when one was kept; after `timeoutMs` with false. */
  wait(timeoutMs: number): Promise<boolean>
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
      if (isAwake) return Promise.resolve(true)
      return new Promise((resolve) => {
        const done = () => {
          clearTimeout(timer)
          end = undefined
          resolve(isAwake)
        }
        const timer = setTimeout(done, timeoutMs)
        end = done
      })
    },
  }
}
