/**
 * Handlers that are still running after their attempt has ended, since they ignore their signal. Each keeps memory and may block
 * the event loop; only the end of the process ends them.
 * @module
 */

export interface Strays {
  readonly count: number
  /** Counts this handler until `ended` settles. */
  add(functionName: string, ended: Promise<unknown>): void
}

export interface StraysParts {
  /** For all functions together; `onTooMany` is called once when it is reached. */
  readonly limit: number
  readonly onTooMany: (count: number) => void
  readonly onChange: (functionName: string, step: 1 | -1) => void
}

/** Fewer are not dangerous, however few slots a worker has. */
const LEAST = 10

/** As many as the worker has slots: then half of its handlers are useless. */
export function strayLimit(slots: number): number {
  return Math.max(LEAST, slots)
}

export function createStrays({ limit, onTooMany, onChange }: StraysParts): Strays {
  let count = 0
  let wasReported = false
  return {
    get count() {
      return count
    },
    add(functionName, ended) {
      count += 1
      onChange(functionName, 1)
      const leave = () => {
        count -= 1
        onChange(functionName, -1)
      }
      void ended.then(leave, leave)
      if (count < limit || wasReported) return
      wasReported = true
      onTooMany(count)
    },
  }
}
