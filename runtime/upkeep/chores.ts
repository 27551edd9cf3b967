/** Periodic tasks beside attempts, each on its own interval and never twice at once. @module */
import { messageOf } from '../errors.ts'
import type { Logger } from '../telemetry/logger.ts'

export interface Chore {
  readonly name: string
  readonly everyMs: number
  readonly run: () => Promise<void> | void
}

/** Starts the chores; the function that it returns stops them and resolves when those in progress have ended. */
export function startChores(chores: readonly Chore[], log: Logger): () => Promise<void> {
  const underWay = new Set<Promise<void>>()
  const timers = chores.map((chore) => {
    let isBusy = false
    let isFailing = false
    return setInterval(() => {
      if (isBusy) return
      isBusy = true
      const done = Promise.resolve()
        .then(chore.run)
        .then(() => {
          isFailing = false
        })
        .catch((error: unknown) => {
          // Logged as a warning once: a chore that fails every second would bury everything else.
          const level = isFailing ? 'debug' : 'warn'
          log[level]({ chore: chore.name, error: messageOf(error) }, 'a chore failed; retrying')
          isFailing = true
        })
        .finally(() => {
          isBusy = false
          underWay.delete(done)
        })
      underWay.add(done)
    }, chore.everyMs)
  })
  return async () => {
    for (const timer of timers) clearInterval(timer)
    await Promise.all(underWay)
  }
}
