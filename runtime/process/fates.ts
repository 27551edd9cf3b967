/**
 * What the supervisor knows of its workers, said to Redis by the child that serves. That a worker has ended waits for such a
 * child; what is only so at the moment does not, and is said again while it is so.
 * @module
 */
import type { ChildProcess } from 'node:child_process'
import type { Fate, ToChild } from './messages.ts'

export interface Fates {
  tell(fate: Fate): void
  /** The child that serves is there. */
  flush(): void
}

/** More than anybody's workers die while no child serves. */
const MOST_WAITING = 1_000

export function createFates(serving: () => Pick<ChildProcess, 'connected' | 'send'> | undefined): Fates {
  let waiting: Fate[] = []

  function tell(fate: Fate): void {
    const child = serving()
    const message: ToChild = { type: 'fate', fate }
    if (child?.connected) child.send(message, (error) => error && keep(fate))
    else keep(fate)
  }

  function keep(fate: Fate): void {
    if (fate.kind === 'crashed' && waiting.length < MOST_WAITING) waiting.push(fate)
  }

  return {
    tell,
    flush() {
      const told = waiting
      waiting = []
      for (const fate of told) tell(fate)
    },
  }
}
