/**
 * Our side of `dispatch` and `wait`: the real worker with leases, limits, metrics and gateway. Only what speaks to the store is
 * left out of its attempts: HEAD, the look for a manifest, the scratch folder, the commit.
 * @module
 */
import { randomUUID } from 'node:crypto'
import { defineFunction, type FunctionDefinition } from '../../runtime/function/definition.ts'
import { NO_LIMITS } from '../../runtime/queue/limits.ts'
import { createLogger } from '../../runtime/telemetry/logger.ts'
import { createMetrics } from '../../runtime/telemetry/metrics.ts'
import { createAttemptOutput } from '../../runtime/output/attempt-output.ts'
import { connectRedis } from '../../runtime/queue/redis.ts'
import { createQueue, type NewRun, type Queue } from '../../runtime/queue/queue.ts'
import type { Storage } from '../../runtime/storage/storage.ts'
import { newAttemptId } from '../../runtime/worker/attempt/perform.ts'
import { handle } from '../../runtime/worker/attempt/handle.ts'
import { Late } from '../../runtime/worker/attempt/late.ts'
import { placeOf } from '../../runtime/output/layout.ts'
import { mergeOptions } from '../../runtime/function/options.ts'
import { outcomeOfError } from '../../runtime/worker/attempt/outcome.ts'
import { createRedisContact } from '../../runtime/queue/redis-contact.ts'
import { startChores } from '../../runtime/upkeep/chores.ts'
import { createInFlight } from '../../runtime/worker/in-flight.ts'
import { renewLeases } from '../../runtime/worker/presence.ts'
import { createRangeProxy } from '../../runtime/worker/source/proxy.ts'
import { createWorker, type WorkerParts } from '../../runtime/worker/worker.ts'
import { sleep } from '../../runtime/time.ts'
import { NO_STRAYS } from '../helpers/strays.ts'
import { answerOrders } from './side.ts'

const LEASE_MS = 30_000
const FILL_AT_ONCE = 500
const NAME = 'nothing'
/** So that a worker that looks by itself is idle again. */
const IDLE_MS = 20

const [redisUrl = ''] = process.argv.slice(2)
const log = createLogger({ level: 'warn', format: 'json' })
const redis = connectRedis(redisUrl, 'command', log)
const metrics = createMetrics()
const queue = createQueue(redis, 'sluice')
const proxy = createRangeProxy(log)
// Nothing asks it: a handler that does nothing reads and writes nothing.
const storage = {} as Storage

type Order =
  | { readonly kind: 'dispatch'; readonly count: number; readonly atATime: number }
  | { readonly kind: 'wait'; readonly count: number }

answerOrders(async (order: Order) => (order.kind === 'dispatch' ? dispatch(order) : wait(order)))

/** From the worker's start until `count` runs that wait for it are settled. */
async function dispatch({ count, atATime }: { count: number; atATime: number }) {
  await queue.ensureGroups([NAME])
  for (let from = 0; from < count; from += FILL_AT_ONCE) {
    const runs = Array.from({ length: Math.min(FILL_AT_ONCE, count - from) }, (_, at) => newRunOf(from + at))
    await queue.admit(admissionOf(runs))
  }
  let ended = 0
  let onAll: () => void = () => undefined
  const all = new Promise<void>((resolve) => (onAll = resolve))
  const worker = createBenchWorker(atATime, {
    onSettled(number) {
      ended += number
      if (ended === count) onAll()
    },
  })
  const [startedAtMs, before] = [performance.now(), await usedCpu()]
  const stop = worker.start()
  await all
  const [seconds, after] = [(performance.now() - startedAtMs) / 1_000, await usedCpu()]
  await stop()
  return { seconds, cpuMs: after.cpuMs - before.cpuMs, redisMs: after.redisMs - before.redisMs }
}

/** By this process and by Redis. */
async function usedCpu() {
  const { user, system } = process.cpuUsage()
  const seconds = [...(await redis.info('cpu')).matchAll(/used_cpu_(?:sys|user):([\d.]+)/g)]
  return {
    cpuMs: (user + system) / 1_000,
    redisMs: seconds.reduce((sum, [, each]) => sum + Number(each) * 1_000, 0),
  }
}

/** Across rounds: the same run twice would be a duplicate. */
let asked = 0

/** Milliseconds from asking for a run until its handler starts, one at a time in an idle worker. */
async function wait({ count }: { count: number }): Promise<number[]> {
  await queue.ensureGroups([NAME])
  let onStart: () => void = () => undefined
  let onEnd: () => void = () => undefined
  const worker = createBenchWorker(1, {
    onHandler: () => onStart(),
    onSettled: (number) => number && onEnd(),
  })
  const wakeUps = connectRedis(redisUrl, 'block', log)
  wakeUps.on('message', () => worker.wake())
  await wakeUps.subscribe(queue.keys.wake)
  const stop = worker.start()
  const waits: number[] = []
  for (let at = 0; at < count; at++) {
    const ended = new Promise<void>((resolve) => (onEnd = resolve))
    const startedAtMs = performance.now()
    const started = new Promise<number>(
      (resolve) => (onStart = () => resolve(performance.now() - startedAtMs)),
    )
    await queue.admit(admissionOf([newRunOf(asked++)]))
    waits.push(await started)
    await ended
    await sleep(IDLE_MS)
  }
  await stop()
  wakeUps.disconnect()
  return waits
}

interface Watching {
  readonly onHandler?: () => void
  /** After the turn in which so many runs were settled as succeeded. */
  readonly onSettled: (number: number) => void
}

function createBenchWorker(atATime: number, { onHandler, onSettled }: Watching) {
  const definition = defineFunction(
    { name: NAME, version: '1', on: { bucket: 'incoming' }, concurrency: atATime },
    (c) => {
      onHandler?.()
      return c.json({ ok: true })
    },
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
  const limits = new Map([[NAME, NO_LIMITS]])
  const worker = createWorker({
    queue: watched,
    consumer,
    functions: [definition],
    allFunctions: [definition],
    limits: () => limits,
    inFlight,
    contact,
    attempt: attemptWithoutStore(definition),
    onEndedWithoutResult: () => undefined,
    metrics,
    log,
  })
  const chores = [
    {
      name: 'presence',
      everyMs: 1_000,
      run: async () => void (await queue.registerWorker(consumer, 5_000, [NAME])),
    },
    { name: 'watch', everyMs: 250, run: () => inFlight.watch() },
    { name: 'leases', everyMs: 250, run: () => inFlight.watchLeases(() => ({ ms: 0, kind: 'busy' }), 0) },
    { name: 'heartbeat', everyMs: LEASE_MS / 3, run: () => renewLeases(queue, consumer, inFlight, contact) },
    { name: 'promote', everyMs: 1_000, run: async () => void (await queue.promote(1_000)) },
  ]
  return {
    wake: () => worker.wake(),
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
function attemptWithoutStore(definition: FunctionDefinition): WorkerParts['attempt'] {
  return async (attempt, log) => {
    try {
      const { claim, active } = attempt
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

function newRunOf(at: number): NewRun {
  const id = at.toString(16).padStart(32, '0')
  return {
    runId: id,
    functionName: NAME,
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

function admissionOf(runs: readonly NewRun[]) {
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
