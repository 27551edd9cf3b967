/** Sending the files of one attempt: a few at a time, in order. @module */
import type { ManifestFile } from './manifest.ts'

const UPLOADS_AT_A_TIME = 4

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
        // The slot goes straight to the next in the queue, so that the order is kept.
        const next = queue.shift()
        if (next) next()
        else free++
      }
    },
  }
}

/** The state of sending. Created with the first file, since many attempts have none. */
export interface Sending {
  readonly slots: Slots
  /** Ends with the attempt, or when the output is abandoned. */
  readonly signal: AbortSignal
  readonly abandoned: AbortController
  /** Keys that are taken. */
  readonly keys: Set<string>
  readonly files: ManifestFile[]
  readonly pointers: Record<string, string>
  readonly pending: Set<Promise<void>>
  /** Called whenever fewer files are waiting. */
  readonly onFewer: Set<() => void>
}

export const NO_FILES: Pick<Sending, 'files' | 'pointers'> = { files: [], pointers: {} }

export function beginSending(signal: AbortSignal | undefined): Sending {
  const abandoned = new AbortController()
  return {
    slots: createSlots(UPLOADS_AT_A_TIME),
    signal: signal ? AbortSignal.any([signal, abandoned.signal]) : abandoned.signal,
    abandoned,
    keys: new Set(),
    files: [],
    pointers: {},
    pending: new Set(),
    onFewer: new Set(),
  }
}
