/** Real workers on a real queue: who is woken, and what becomes of a word for who has no slot. */
import { afterEach, beforeEach, expect, it } from 'vitest'
import { defineFunction } from '../../runtime/function/definition.ts'
import { NO_LIMITS, type Limits } from '../../runtime/queue/limits.ts'
import { createRedisContact } from '../../runtime/queue/redis-contact.ts'
import { connectRedis, type Redis } from '../../runtime/queue/redis.ts'
import type { TurnRequest } from '../../runtime/queue/turn.ts'
import { subscribeToWakeUps } from '../../runtime/queue/wake-up.ts'
import { createMetrics } from '../../runtime/telemetry/metrics.ts'
import type { Outcome } from '../../runtime/worker/attempt/outcome.ts'
import { createInFlight } from '../../runtime/worker/in-flight.ts'
import { createWorker, type Worker } from '../../runtime/worker/worker.ts'
import { FN, newRunOf, useQueue } from '../helpers/queue.ts'
import { silentLog } from '../helpers/source.ts'
import { waitFor } from '../helpers/wait.ts'

const used = useQueue()
const LEASE_MS = 60_000
const DONE: Outcome = { kind: 'succeeded', result: '{}' }

let ends: (() => void)[] = []
let workers: { readonly worker: Worker; readonly stopped: Promise<void>; readonly ear: Redis }[] = []
beforeEach(() => {
  ends = []
  workers = []
})
afterEach(async () => {
  for (const { worker } of workers) worker.drain(0)
  for (const end of ends) end()
  await Promise.all(workers.map(({ stopped }) => stopped))
  for (const { ear } of workers) ear.disconnect()
})

interface Started {
  readonly worker: Worker
  readonly turns: TurnRequest[]
  /** Runs that it has in hand; each attempt lasts until the test is over. */
  readonly runs: string[]
  limits: Limits
}

/** With one slot, and ears as a worker process has them. */
async function startWorker(consumer: string): Promise<Started> {
  const definition = defineFunction({ name: FN, version: '1', on: { bucket: 'incoming' } }, (c) => c.json({}))
  const started = { turns: [] as TurnRequest[], runs: [] as string[], limits: NO_LIMITS }
  const worker = createWorker({
    queue: {
      ...used.queue,
      turn(request) {
        started.turns.push(request)
        return used.queue.turn(request)
      },
    },
    consumer,
    functions: [{ ...definition, concurrency: 1 }],
    allFunctions: [definition],
    limits: () => new Map([[FN, started.limits]]),
    inFlight: createInFlight(LEASE_MS),
    contact: createRedisContact(LEASE_MS),
    attempt: ({ claim }) => {
      started.runs.push(claim.runId)
      return new Promise((resolve) => ends.push(() => resolve(DONE)))
    },
    onEndedWithoutResult: () => undefined,
    metrics: createMetrics(),
    log: silentLog,
  })
  const ear = connectRedis(
    `redis://${used.redis.options.host}:${used.redis.options.port}`,
    'block',
    silentLog,
  )
  await new Promise<void>((resolve, reject) => {
    subscribeToWakeUps(ear, used.queue.keys, consumer, {
      onReady: resolve,
      onRefused: reject,
      onWord: () => worker.wake(),
      onWork: (functionName) => worker.wake(functionName),
    })
  })
  workers.push({ worker, stopped: worker.run(), ear })
  return Object.assign(started, { worker })
}

const idle = () => used.redis.zrange(`${used.queue.keys.prefix}idle:${FN}`, '0', '-1')
const untilIdle = (...consumers: string[]) =>
  waitFor(async () => (await idle()).join() === consumers.join(), {
    what: `${consumers.join()} to wait`,
    timeoutMs: 4_000,
  })
const untilTaken = (started: Started, count = 1) =>
  waitFor(() => Promise.resolve(started.runs.length === count), {
    what: 'the run to begin',
    timeoutMs: 4_000,
    intervalMs: 2,
  })
const wordsOf = ({ turns }: Started) => turns.flatMap(({ wokenFor = [] }) => wokenFor)

it('one of two idle workers is woken for a run, and the other for the next', async () => {
  const [a, b] = [await startWorker('a'), await startWorker('b')]
  await untilIdle('a', 'b')
  await used.queue.enqueue(newRunOf('1'))
  await untilTaken(a)
  expect(wordsOf(b)).toEqual([])
  await untilIdle('b')
  await used.queue.enqueue(newRunOf('2'))
  await untilTaken(b)
  expect([wordsOf(a), wordsOf(b)]).toEqual([[FN], [FN]])
})

it('a worker that is paused when the word comes hands it on to one that is not', async () => {
  const [a, b] = [await startWorker('a'), await startWorker('b')]
  await untilIdle('a', 'b')
  a.limits = { ...NO_LIMITS, isPaused: true }
  await used.queue.enqueue(newRunOf('1'))
  await untilTaken(b)
  expect([wordsOf(a), wordsOf(b)]).toEqual([[FN], [FN]])
  expect(a.runs).toEqual([])
})

it('a worker that drains hands on what it hears too late', async () => {
  const [a, b] = [await startWorker('a'), await startWorker('b')]
  await untilIdle('a', 'b')
  await used.queue.enqueue(newRunOf('1'))
  await untilTaken(a)
  a.worker.drain(LEASE_MS)
  // As a word that was under way when it began to drain.
  await used.redis.zadd(`${used.queue.keys.prefix}idle:${FN}`, -1, 'a')
  await used.queue.enqueue(newRunOf('2'))
  await untilTaken(b)
  expect([wordsOf(a), wordsOf(b)]).toEqual([[FN, FN], [FN]])
})
