/** Turns by name, so that two senders of a stream, or a sender and a recovery, do not cross. @module */

/** Runs `work` when nothing else is running under this name. */
export type InTurn = <T>(name: string, work: () => Promise<T>) => Promise<T>

export function createTurns(): InTurn {
  const turns = new Map<string, Promise<unknown>>()
  return async (name, work) => {
    const before = turns.get(name)
    const mine = (async () => {
      await before?.catch(() => undefined)
      return work()
    })()
    turns.set(name, mine)
    try {
      return await mine
    } finally {
      if (turns.get(name) === mine) turns.delete(name)
    }
  }
}
