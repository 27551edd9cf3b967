/** Closing what was opened, the last first. @module */
import { messageOf } from './errors.ts'
import type { Logger } from './logger.ts'

export interface Closers {
  add(name: string, close: () => void | Promise<void>): void
  /** Closes everything; one that fails does not keep the others open. */
  closeAll(log: Logger): Promise<void>
}

export function createClosers(): Closers {
  const closers: { name: string; close: () => void | Promise<void> }[] = []
  return {
    add: (name, close) => void closers.push({ name, close }),
    async closeAll(log) {
      for (let next = closers.pop(); next; next = closers.pop()) {
        try {
          await next.close()
        } catch (error) {
          log.warn({ what: next.name, error: messageOf(error) }, 'could not be closed')
        }
      }
    },
  }
}
