/** The takes of a session, as its journal tells of them. @module */
import type { StreamTake } from '../../queue/stream-state.ts'
import type { StreamOptions } from '../connection.ts'
import type { JournalEntry } from './journal.ts'
import { isoOf, type TakeRecord } from './session-record.ts'

export interface TakeLog {
  /** Entries of other kinds are left out. */
  learn(entry: JournalEntry): void
  all(): readonly TakeRecord[]
  /** As many as Redis remembers, as it has them. */
  last(): readonly StreamTake[]
  /** Those of the last take. */
  options(): StreamOptions
}

const REMEMBERED = 20

export function createTakeLog(): TakeLog {
  const takes = new Map<number, TakeRecord>()
  const all = () => [...takes.values()].toSorted((a, b) => a.take - b.take)
  let options: StreamOptions = {}
  return {
    learn(entry) {
      if (entry.kind === 'take') {
        const { take, door, peer, atMs } = entry
        options = entry.options ?? {}
        takes.set(take, { take, door, peer, from: isoOf(atMs), lastLines: [] })
      } else if (entry.kind === 'take-ended') {
        const { take, how, atMs, lastLines } = entry
        takes.set(take, { ...takes.get(take), take, to: isoOf(atMs), end: how, lastLines })
      }
    },
    all,
    options: () => options,
    last: () =>
      all()
        .slice(-REMEMBERED)
        .flatMap(({ take, door, peer = '', from, end }) =>
          door && from ? [{ take, door, peer, atMs: Date.parse(from), end }] : [],
        ),
  }
}
