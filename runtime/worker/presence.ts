/**
 * Signs of life of a worker: its heartbeat, sent every second, registers it for its functions and returns their limits, so that a
 * pause takes effect everywhere within that second; and the leases of its attempts are renewed.
 * @module
 */
import { isDeepStrictEqual } from 'node:util'
import type { FunctionDefinition } from '../function/definition.ts'
import { type Limits, NO_LIMITS, slotsOf } from '../queue/limits.ts'
import type { LimitStore } from '../records/limits.ts'
import type { RuntimeMetrics } from '../telemetry/metrics.ts'
import type { Queue } from '../queue/queue.ts'
import { SECOND_MS } from '../time.ts'
import type { RedisContact } from '../queue/redis-contact.ts'
import type { InFlight, InFlightAttempt } from './in-flight.ts'

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

/**
 * Renews the leases of these attempts in one call, all by default, and stores their progress; ends attempts that were cancelled or
 * are another worker's by now.
 */
export async function renewLeases(
  queue: Queue,
  consumer: string,
  inFlight: InFlight,
  contact: RedisContact,
  attempts: readonly InFlightAttempt[] = inFlight.all(),
): Promise<void> {
  if (attempts.length === 0) return
  const sentAtMs = performance.now()
  const told = attempts.map(({ progress, storedProgress }) =>
    progress === storedProgress ? undefined : progress,
  )
  const answers = await queue.heartbeat(
    consumer,
    attempts.map(({ claim }, index) => ({
      runId: claim.runId,
      fence: claim.fence,
      token: claim.token,
      ...(told[index] && { progress: JSON.stringify(told[index]) }),
    })),
  )
  contact.touched()
  attempts.forEach((attempt, index) => {
    switch (answers[index]) {
      case 'ok':
        inFlight.renewed(attempt, sentAtMs)
        attempt.storedProgress = told[index] ?? attempt.storedProgress
        break
      case 'cancelled':
        inFlight.abort(attempt, 'cancelled', 'cancelled on request')
        break
      default:
        inFlight.abort(attempt, 'lost', 'another worker has taken the run')
    }
  })
}
