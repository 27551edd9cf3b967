/**
 * The real worker with leases, limits, metrics and gateway. Only what speaks to the store is left out of its attempts: HEAD, the
 * look for a manifest, the scratch folder, the commit.
 * @module
 */
import { randomUUID } from 'node:crypto'
import { defineFunction } from '../../runtime/function/definition.ts'
import { NO_LIMITS } from '../../runtime/queue/limits.ts'
import { createLogger } from '../../runtime/telemetry/logger.ts'
import { createMetrics } from '../../runtime/telemetry/metrics.ts'
import { createAttemptOutput } from '../../runtime/output/attempt-output.ts'
import { connectRedis, type Redis } from '../../runtime/queue/redis.ts'
import type { NewRun, Queue } from '../../runtime/queue/queue.ts'
import type { Storage } from '../../runtime/storage/storage.ts'
import { newAttemptId } from '../../runtime/worker/attempt/perform.ts'
import { handle } from '../../runtime/worker/attempt/handle.ts'
import { Late } from '../../runtime/worker/attempt/late.ts'
import { placeOf } from '../../runtime/output/layout.ts'
import { mergeOptions } from '../../runtime/function/options.ts'
import { outcomeOfError } from '../../runtime/worker/attempt/outcome.ts'
import { createRedisContact } from '../../runtime/queue/redis-contact.ts'
import { subscribeToWakeUps } from '../../runtime/queue/wake-up.ts'
import { startChores } from '../../runtime/upkeep/chores.ts'
import { createInFlight } from '../../runtime/worker/in-flight.ts'
import { renewLeases } from '../../runtime/worker/presence.ts'
import { createRangeProxy } from '../../runtime/worker/source/proxy.ts'
import { createWorker, type WorkerParts } from '../../runtime/worker/worker.ts'
import { NO_STRAYS } from '../helpers/strays.ts'

const LEASE_MS = 30_000

export const log = createLogger({ level: 'warn', format: 'json' })
const metrics = createMetrics()
const proxy = createRangeProxy(log)
// Nothing asks it: a handler that does nothing reads and writes nothing.
const storage = {} as Storage

/** What Redis has used of its CPU so far. */
export async function redisCpuMs(redis: Redis): Promise<number> {
  const seconds = [...(await redis.info('cpu')).matchAll(/used_cpu_(?:sys|user):([\d.]+)/g)]
  return seconds.reduce((sum, [, each]) => sum + Number(each) * 1_000, 0)
}

/** As a worker process does it. */
export async function listenFor(redisUrl: string, { consumer, keys, wake }: BenchWorker): Promise<Redis> {
  const wakeUps = connectRedis(redisUrl, 'block', log)
  await new Promise<void>((resolve, reject) => {
    subscribeToWakeUps(wakeUps, keys, consumer, {
      onReady: resolve,
      onRefused: reject,
      onWord: () => wake(),
      onWork: wake,
    })
  })
  return wakeUps
}

export type BenchWorker = ReturnType<typeof createBenchWorker>

interface Watching {
  readonly onHandler?: () => void
  /** After the turn in which so many runs were settled as succeeded. */
  readonly onSettled: (number: number) => void
}

export function createBenchWorker(
  queue: Queue,
  names: readonly string[],
  atATime: number,
  { onHandler, onSettled }: Watching,
) {
  const definitions = names.map((name) =>
    defineFunction({ name, version: '1', on: { bucket: 'incoming' }, concurrency: atATime }, (c) => {
      onHandler?.()
      return c.json({ ok: true })
    }),
  )
  const watched: Queue = {
    ...queue,
    async turn(request) {
      const reply = await queue.turn(request)
      onSettled(reply.settled.filter((state) => state === 'succeeded').length)
      return reply
    },
  }
  const consumer = `bench:${randomUUID()}`
  const inFlight = createInFlight(LEASE_MS)
  const contact = createRedisContact(LEASE_MS / 6)
  const limits = new Map(names.map((name) => [name, NO_LIMITS]))
  const worker = createWorker({
    queue: watched,
    consumer,
    functions: definitions,
    allFunctions: definitions,
    limits: () => limits,
    inFlight,
    contact,
    attempt: attemptWithoutStore(),
    onEndedWithoutResult: () => undefined,
    metrics,
    log,
  })
  const chores = [
    {
      name: 'presence',
      everyMs: 1_000,
      run: async () => void (await queue.registerWorker(consumer, 5_000, names)),
    },
    { name: 'watch', everyMs: 250, run: () => inFlight.watch() },
    { name: 'leases', everyMs: 250, run: () => inFlight.watchLeases(() => ({ ms: 0, kind: 'busy' }), 0) },
    { name: 'heartbeat', everyMs: LEASE_MS / 3, run: () => renewLeases(queue, consumer, inFlight, contact) },
    { name: 'promote', everyMs: 1_000, run: async () => void (await queue.promote(1_000)) },
  ]
  return {
    consumer,
    keys: queue.keys,
    wake: (functionName?: string) => worker.wake(functionName),
    start() {
      const stopChores = startChores(chores, log)
      const stopped = worker.run()
      return async () => {
        worker.drain(1_000)
        await Promise.all([stopped, stopChores()])
      }
    },
  }
}

/** As `perform` does it, between the look at the store and the commit. */
function attemptWithoutStore(): WorkerParts['attempt'] {
  return async (attempt, log) => {
    try {
      const { claim, definition, active } = attempt
      const { payload } = claim
      const place = placeOf(definition, payload)
      const layers = { settings: undefined, metadata: {}, request: payload.options }
      const { options } = mergeOptions(definition, layers)
      const attemptId = newAttemptId()
      const output = new Late(
        () =>
          createAttemptOutput({
            storage,
            place,
            attempt: attemptId,
            signal: attempt.signal,
            onBytes: active,
          }),
        (made) => made.abandon(new Error('its attempt has ended')),
      )
      const event = { ...payload, metadata: {} }
      const parts = { attempt, log, event, scratch: () => '/nowhere', options, output }
      const outcome = await handle({ storage, proxy, strays: NO_STRAYS }, parts)
      await output.end()
      return outcome
    } catch (error) {
      return outcomeOfError(error)
    }
  }
}

export function newRunOf(at: number, functionName: string): NewRun {
  const id = at.toString(16).padStart(32, '0')
  return {
    runId: id,
    functionName,
    objectId: id,
    eventId: `event-${at}`,
    lane: 'live',
    trigger: 'upload',
    payload: {
      bucket: 'incoming',
      key: `folder/object-${at}.txt`,
      generation: `generation-${at}`,
      etag: 'd41d8cd98f00b204e9800998ecf8427e',
      sizeBytes: 1,
      lastModifiedMs: Date.now(),
      eventTimeMs: Date.now(),
    },
  }
}

export function admissionOf(runs: readonly NewRun[]) {
  return {
    raws: [],
    runs,
    marks: [],
    bad: [],
    debts: [],
    announced: [],
    recordTtlMs: 60_000,
    paths: 2,
  } as const
}
