/** Long work of several requests, a step of each in turn: one that needs few steps is soon through. @module */
export interface Turns {
  /** Does a step when a place is free: first come, first served. */
  step<T>(work: () => Promise<T>): Promise<T>
}

/** The items of work, each made when it is its turn. */
export async function* inTurn<T>(turns: Turns, items: AsyncIterable<T>): AsyncGenerator<T> {
  const iterator = items[Symbol.asyncIterator]()
  try {
    for (;;) {
      const { done, value } = await turns.step(() => iterator.next())
      if (done) return
      yield value
    }
  } finally {
    await iterator.return?.()
  }
}

export function createTurns(places: number): Turns {
  let free = places
  const waiting: (() => void)[] = []
  return {
    async step(work) {
      if (free > 0) free--
      else await new Promise<void>((resolve) => waiting.push(resolve))
      try {
        return await work()
      } finally {
        const next = waiting.shift()
        if (next) next()
        else free++
      }
    },
  }
}
