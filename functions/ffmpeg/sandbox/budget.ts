/**
 * Admits FFmpeg processes while memory and cores last; the rest wait: one 8K clip must not take the memory or the cores of its
 * neighbours. One gate for each worker process (`media-budget.ts` sets its size).
 *
 * There are three queues, each with its own share of the memory: encoders and decoders, of which only a few run at a time, and
 * copies. So no copy and no picture of a film waits for an encoder, however large. Each queue is first in, first out, even when a later one would fit: a large run
 * waits no longer than a small one. Pure but for its timers.
 * @module
 */

export interface Needs {
  readonly line: 'encode' | 'decode' | 'copy'
  /** At its peak, about. */
  readonly memoryBytes: number
}

export interface Waiting {
  /** Leaves the line. */
  readonly signal: AbortSignal
  /** Called at once when it has to wait, and again every few seconds: waiting is not a stall. */
  readonly onWaiting?: (() => void) | undefined
}

export interface Budget {
  /**
   * Resolves when it is this one's turn, with a function that gives its place back; calling that twice does nothing. A run
   * that needs more than the whole share of its queue gets the queue to itself, and is then bounded by its address space.
   *
   * @throws the reason of the signal
   */
  enter(needs: Needs, waiting: Waiting): Promise<() => void>
}

export interface BudgetOptions {
  /** Of all lines together. */
  readonly memoryBytes: number
  /** At a time. */
  readonly encodes: number
  /** At a time. */
  readonly decodes: number
  /** @defaultValue 5_000 */
  readonly wordEveryMs?: number
}

/** Copies need little. */
const COPY_SHARE = 1 / 4
/** Single pictures, and sound. */
const DECODE_SHARE = 1 / 8
const WORD_EVERY_MS = 5_000

export function createBudget(options: BudgetOptions): Budget {
  const { memoryBytes, encodes, decodes, wordEveryMs = WORD_EVERY_MS } = options
  const lines = {
    encode: createLine(memoryBytes * (1 - COPY_SHARE - DECODE_SHARE), encodes),
    decode: createLine(memoryBytes * DECODE_SHARE, decodes),
    copy: createLine(memoryBytes * COPY_SHARE, Infinity),
  }
  return {
    async enter(needs, { signal, onWaiting }) {
      signal.throwIfAborted()
      const { granted, leave } = lines[needs.line].join(needs.memoryBytes)
      let timer: NodeJS.Timeout | undefined
      try {
        await new Promise<void>((resolve, reject) => {
          const onAbort = () => reject(signal.reason as Error)
          signal.addEventListener('abort', onAbort, { once: true })
          granted.then(() => {
            signal.removeEventListener('abort', onAbort)
            resolve()
          }, reject)
          if (!onWaiting || lines[needs.line].waiting === 0) return
          onWaiting()
          timer = setInterval(onWaiting, wordEveryMs)
        })
      } catch (error) {
        leave()
        throw error
      } finally {
        clearInterval(timer)
      }
      return leave
    },
  }
}

interface Place {
  readonly bytes: number
  readonly grant: () => void
}

function createLine(shareBytes: number, places: number) {
  const queue: Place[] = []
  const inside = new Set<Place>()
  let insideBytes = 0
  const fits = ({ bytes }: Place) =>
    inside.size === 0 || (inside.size < places && insideBytes + bytes <= shareBytes)
  const advance = () => {
    for (let next = queue[0]; next && fits(next); next = queue[0]) {
      queue.shift()
      inside.add(next)
      insideBytes += next.bytes
      next.grant()
    }
  }
  return {
    get waiting() {
      return queue.length
    },
    join(bytes: number): { readonly granted: Promise<void>; readonly leave: () => void } {
      let grant = () => {}
      const granted = new Promise<void>((resolve) => (grant = resolve))
      const place: Place = { bytes, grant }
      queue.push(place)
      advance()
      const leave = () => {
        const at = queue.indexOf(place)
        if (at >= 0) queue.splice(at, 1)
        else if (inside.delete(place)) insideBytes -= bytes
        advance()
      }
      return { granted, leave }
    },
  }
}
