/**
 * A worker's heartbeat, sent every second: it registers the worker for its functions and returns their limits, so that a pause
 * takes effect everywhere within that second.
 * @module
 */
import { isDeepStrictEqual } from 'node:util'
import type { FunctionDefinition } from '../function/definition.ts'
import { NO_LIMITS, slotsOf, type Limits } from '../queue/limits.ts'
import type { LimitStore } from '../records/limits.ts'
import type { RuntimeMetrics } from '../telemetry/metrics.ts'
import type { Queue } from '../queue/queue.ts'
import { SECOND_MS } from '../time.ts'

/** How long after its last heartbeat a worker still counts. */
const GOOD_MS = 5 * SECOND_MS

export interface PresenceParts {
  readonly queue: Queue
  readonly limitStore: LimitStore
  readonly consumer: string
  readonly functions: readonly FunctionDefinition[]
  readonly metrics: RuntimeMetrics
  /** Called when limits have changed. */
  readonly onChange: () => void
}

export interface Presence {
  /** Undefined until they are known: a paused function must not run because Redis could not be asked. */
  readonly limits: ReadonlyMap<string, Limits> | undefined
  announce(): Promise<void>
}

export function createPresence(parts: PresenceParts): Presence {
  const { queue, limitStore, consumer, functions, metrics } = parts
  const names = functions.map(({ name }) => name)
  let limits: ReadonlyMap<string, Limits> | undefined

  return {
    get limits() {
      return limits
    },
    async announce() {
      const texts = await queue.registerWorker(consumer, GOOD_MS, names)
      const now = await limitStore.complete(names, texts)
      // By content: one that was restored from a backup may have the revision of another.
      const isChanged = !isDeepStrictEqual(limits, now)
      limits = now
      if (!isChanged) return
      for (const { name, concurrency } of functions) {
        const known = now.get(name) ?? NO_LIMITS
        metrics.limit.set({ function: name }, slotsOf({ concurrency }, known))
        metrics.paused.set({ function: name }, known.isPaused ? 1 : 0)
      }
      parts.onChange()
    },
  }
}
