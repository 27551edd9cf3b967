/** The takes of a session, as its journal tells of them. @module */
import type { JournalEntry } from './journal.ts'
import { isoOf, type TakeRecord } from './session-record.ts'

export interface TakeLog {
  /** Entries of other kinds are left out. */
  learn(entry: JournalEntry): void
  all(): readonly TakeRecord[]
}

export function createTakeLog(): TakeLog {
  const takes = new Map<number, TakeRecord>()
  return {
    learn(entry) {
      if (entry.kind === 'take') {
        const { take, door, peer, atMs } = entry
        takes.set(take, { take, door, peer, from: isoOf(atMs), lastLines: [] })
      } else if (entry.kind === 'take-ended') {
        const { take, how, atMs, lastLines } = entry
        takes.set(take, { ...takes.get(take), take, to: isoOf(atMs), end: how, lastLines })
      }
    },
    all: () => [...takes.values()].toSorted((a, b) => a.take - b.take),
  }
}
