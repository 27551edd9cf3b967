/** Closes what was opened, the last first, within a time limit. @module */
import { messageOf } from '../errors.ts'
import type { Logger } from '../telemetry/logger.ts'
import { SECOND_MS } from '../time.ts'

/** After `SLUICE_DRAIN`: how long a process has to settle what it hands back, and to close. */
export const CLOSING_MS = 6 * SECOND_MS

export interface Closers {
  add(name: string, close: () => void | Promise<void>): void
  /** Closes everything; a failure does not keep the rest open. */
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

/**
 * Waits for `work`, but no longer than `timeoutMs`.
 *
 * @throws {Error} `message` when the time is over; the work itself continues, so the process must end
 */
export async function within(timeoutMs: number, work: Promise<void>, message: string): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const tooLate = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(message)), timeoutMs)
  })
  try {
    await Promise.race([work, tooLate])
  } finally {
    clearTimeout(timer)
  }
}
