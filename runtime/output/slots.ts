/** A few things at a time, the others in their order. @module */

export interface Slots {
  /** Runs `work` as soon as a slot is free. */
  run<T>(work: () => Promise<T>): Promise<T>
}

export function createSlots(count: number): Slots {
  let free = count
  const queue: (() => void)[] = []
  return {
    async run(work) {
      if (free > 0) free--
      else await new Promise<void>((resolve) => queue.push(resolve))
      try {
        return await work()
      } finally {
        // The slot goes straight to the next in line, so that nobody overtakes.
        const next = queue.shift()
        if (next) next()
        else free++
      }
    },
  }
}
