/** A separate queue for each test: a random key prefix on the Redis of the file. @module */
import { randomUUID } from 'node:crypto'
import type { Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach } from 'vitest'
import { createLogger } from '../../runtime/telemetry/logger.ts'
import { createQueue, type NewRun } from '../../runtime/queue/queue.ts'
import type { Settlement, TurnRequest } from '../../runtime/queue/turn.ts'
import { connectRedis } from '../../runtime/queue/redis.ts'
import type { Claim } from '../../runtime/queue/run.ts'
import { startLossyProxy, type LossyProxy } from './lossy-proxy.ts'
import { startTestRedis, type TestRedis } from './servers.ts'

export const FN = 'cut'
const log = createLogger({ level: 'silent', format: 'json' })

/** For one file: a Redis, and in it a separate queue for each test. Read the fields inside tests. */
export function useQueue(): { readonly redis: Redis; readonly queue: TestQueue } {
  const used = useRedis() as { readonly redis: Redis; queue: TestQueue }
  beforeEach(() => {
    used.queue = createTestQueue(used.redis)
  })
  return used
}

/** For one file. Read the fields inside hooks and tests. */
export function useRedis(): { readonly redis: Redis } {
  const used = {} as { server?: TestRedis; redis: Redis }
  beforeAll(async () => {
    used.server = await startTestRedis()
    used.redis = connectRedis(used.server.url, 'command', log)
  })
  afterAll(async () => {
    used.redis?.disconnect()
    await used.server?.stop()
  })
  return used
}

/** For one file: a Redis behind a network that loses replies. Read the fields inside hooks and tests. */
export function useLossyRedis(): { readonly redis: Redis; readonly proxy: LossyProxy } {
  const used = {} as { server?: TestRedis; proxy: LossyProxy; redis: Redis }
  beforeAll(async () => {
    used.server = await startTestRedis()
    used.proxy = await startLossyProxy(used.server.port)
    used.redis = connectRedis(`redis://127.0.0.1:${used.proxy.port}`, 'command', log)
    await used.redis.ping()
  })
  afterAll(async () => {
    used.redis?.disconnect()
    await used.proxy?.stop()
    await used.server?.stop()
  })
  return used
}

/** A queue under a random name, with short names for what tests often do. */
function createTestQueue(redis: Redis) {
  const queue = createQueue(redis, `test-${randomUUID().slice(0, 8)}`)
  return {
    ...queue,
    /** Stores runs without a notification. */
    enqueue: (...runs: NewRun[]) => queue.admit({ ...NOTHING, runs }),
    /** Runs dead letters again; whether each was one. */
    async redrive(runId: string) {
      const outcomes = await queue.rerun({ trigger: 'redrive', isForced: false, items: [{ runId }] })
      return outcomes?.[0] === 'queued'
    },
    /** One turn of `consumer` that claims up to `free` runs. */
    async claim(consumer: string, free = 1, extra: Partial<TurnRequest> = {}) {
      const wants = [{ functionName: FN, free, lowFirst: 0 }]
      return queue.turn({ consumer, token: randomUUID(), inFlight: 0, settlements: [], wants, ...extra })
    },
    /** Takes back runs whose leases of `leaseMs` have expired, with three crashes allowed. */
    takeBack: async (leaseMs: number, heardAtMs?: number) =>
      queue.reclaim({
        leaseMs,
        maxCrashes: 3,
        heardAtMs: heardAtMs ?? (await queue.promote(0)).nowMs,
        heardWithinMs: 1_000,
        functionNames: [FN],
      }),
    /** Settles one attempt; the state that follows. */
    async settle(claim: Claim, rest: SettlementRest, consumer = 'settler') {
      const settlement = { runId: claim.runId, fence: claim.fence, token: claim.token, ...rest } as Settlement
      const reply = await queue.turn({
        consumer,
        token: randomUUID(),
        inFlight: 1,
        settlements: [settlement],
        wants: [],
      })
      return reply.settled[0]
    },
  }
}

/** An admission of nothing. */
export const NOTHING = {
  raws: [],
  runs: [],
  marks: [],
  bad: [],
  debts: [],
  announced: [],
  recordTtlMs: 60_000,
  paths: 2,
} as const

export type TestQueue = ReturnType<typeof createTestQueue>

type SettlementRest =
  | { kind: 'complete'; result: string }
  | { kind: 'fail'; error: string; lines: string; delayMs: number; maxAttempts: number }
  | { kind: 'bury'; reason: string; error: string; lines: string }
  | { kind: 'release'; reason: string; delayMs: number }
  | { kind: 'isolate'; reason: string }
  | { kind: 'superseded' | 'source-gone' | 'cancelled'; reason: string }

export const FAILED = { kind: 'fail', error: 'boom', lines: '', delayMs: 0, maxAttempts: 5 } as const
export const RELEASED = { kind: 'release', reason: 'drain', delayMs: 0 } as const
export const BURIED = { kind: 'bury', reason: 'permanent', error: 'no video', lines: '' } as const

export function newRunOf(runId: string, rest: Partial<NewRun> = {}): NewRun {
  return {
    runId,
    functionName: FN,
    objectId: `object-of-${runId}`,
    eventId: `event-of-${runId}`,
    lane: 'live',
    trigger: 'upload',
    payload: {
      bucket: 'incoming',
      key: `${runId}.mp4`,
      generation: 'v1',
      etag: 'e',
      sizeBytes: 1,
      lastModifiedMs: 1,
      eventTimeMs: 1,
    },
    ...rest,
  }
}
