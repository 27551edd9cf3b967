/**
 * A worker's word that it is there, given every second; the answer is what operators have set for its functions, so a pause
 * is known everywhere within that second.
 * @module
 */
import { isDeepStrictEqual } from 'node:util'
import type { FunctionDefinition } from '../function/definition.ts'
import { NO_LIMITS, slotsOf, type Limits } from '../queue/limits.ts'
import type { LimitStore } from '../records/limits.ts'
import type { RuntimeMetrics } from '../telemetry/metrics.ts'
import type { Queue } from '../queue/queue.ts'
import { SECOND_MS } from '../time.ts'

/** How long after its last word a worker counts as one that is there. */
const GOOD_MS = 5 * SECOND_MS

export interface AttendanceParts {
  readonly queue: Queue
  readonly limitStore: LimitStore
  readonly consumer: string
  readonly functions: readonly FunctionDefinition[]
  readonly metrics: RuntimeMetrics
  /** Called when limits are other ones than before. */
  readonly onChange: () => void
}

export interface Attendance {
  /** Undefined until they are known: a paused function must not run because nobody could be asked. */
  readonly limits: ReadonlyMap<string, Limits> | undefined
  attend(): Promise<void>
}

export function createAttendance(parts: AttendanceParts): Attendance {
  const { queue, limitStore, consumer, functions, metrics } = parts
  const names = functions.map(({ name }) => name)
  let limits: ReadonlyMap<string, Limits> | undefined

  return {
    get limits() {
      return limits
    },
    async attend() {
      const texts = await queue.attend(consumer, GOOD_MS, names)
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
