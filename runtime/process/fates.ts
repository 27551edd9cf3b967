/**
 * How workers were lost, as their supervisor knows it: the child that serves passes it on to Redis. The end of a worker is kept
 * until such a child is there; a passing state is not, since it is repeated while it lasts.
 * @module
 */
import type { ChildProcess } from 'node:child_process'
import type { Fate, ToChild } from './messages.ts'

export interface Fates {
  report(fate: Fate): void
  /** To be called when the child that serves is there. */
  flush(): void
}

/** More workers than ever die while no child serves. */
const MOST_WAITING = 1_000

export function createFates(serving: () => Pick<ChildProcess, 'connected' | 'send'> | undefined): Fates {
  let waiting: Fate[] = []

  function report(fate: Fate): void {
    const child = serving()
    const message: ToChild = { type: 'fate', fate }
    if (child?.connected) child.send(message, (error) => error && keep(fate))
    else keep(fate)
  }

  function keep(fate: Fate): void {
    if (fate.kind === 'crashed' && waiting.length < MOST_WAITING) waiting.push(fate)
  }

  return {
    report,
    flush() {
      const kept = waiting
      waiting = []
      for (const fate of kept) report(fate)
    },
  }
}
