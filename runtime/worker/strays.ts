/**
 * Handlers that go on although their attempt has ended: they ignore their signal. Each keeps memory, and may hold the event
 * loop beside others; nothing but the end of the process ends them.
 * @module
 */

export interface Strays {
  readonly count: number
  /** This handler was left behind; it is one until `ended` settles. */
  add(functionName: string, ended: Promise<unknown>): void
}

export interface StraysParts {
  /** Of all functions; reached once, `onTooMany` is called. */
  readonly limit: number
  readonly onTooMany: (count: number) => void
  readonly onChange: (functionName: string, step: 1 | -1) => void
}

/** Fewer than these are no danger, however few slots a worker has. */
const LEAST = 10

/** As many as the worker may have attempts: then half of what it holds is of no use. */
export function strayLimit(slots: number): number {
  return Math.max(LEAST, slots)
}

export function createStrays({ limit, onTooMany, onChange }: StraysParts): Strays {
  let count = 0
  let wasTold = false
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
      if (count < limit || wasTold) return
      wasTold = true
      onTooMany(count)
    },
  }
}
