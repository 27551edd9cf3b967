/** Shares places among long requests step by step, so that one of few steps ends soon. @module */
export interface Limiter {
  /** Runs a step once a place is free, in order of arrival. */
  step<T>(work: () => Promise<T>): Promise<T>
}

/** Reads `items` with one step of `limiter` for each. */
export async function* stepwise<T>(limiter: Limiter, items: AsyncIterable<T>): AsyncGenerator<T> {
  const iterator = items[Symbol.asyncIterator]()
  try {
    for (;;) {
      const { done, value } = await limiter.step(() => iterator.next())
      if (done) return
      yield value
    }
  } finally {
    await iterator.return?.()
  }
}

export function createLimiter(places: number): Limiter {
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
