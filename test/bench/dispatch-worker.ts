/** Our side of `dispatch` and `wait`: one worker as `bench-worker.ts` makes it. @module */
import { connectRedis } from '../../runtime/queue/redis.ts'
import { createQueue } from '../../runtime/queue/queue.ts'
import { sleep } from '../../runtime/time.ts'
import { admissionOf, createBenchWorker, listenFor, log, newRunOf, redisCpuMs } from './bench-worker.ts'
import { answerOrders } from './side.ts'

const FILL_AT_ONCE = 500
const NAME = 'nothing'
/** So that a worker that looks by itself is idle again. */
const IDLE_MS = 20

const [redisUrl = ''] = process.argv.slice(2)
const redis = connectRedis(redisUrl, 'command', log)
const queue = createQueue(redis, 'sluice')

type Order =
  | { readonly kind: 'dispatch'; readonly count: number; readonly atATime: number }
  | { readonly kind: 'wait'; readonly count: number }

answerOrders(async (order: Order) => (order.kind === 'dispatch' ? dispatch(order) : wait(order)))

/** From the worker's start until `count` runs that wait for it are settled. */
async function dispatch({ count, atATime }: { count: number; atATime: number }) {
  await queue.ensureGroups([NAME])
  for (let from = 0; from < count; from += FILL_AT_ONCE) {
    const runs = Array.from({ length: Math.min(FILL_AT_ONCE, count - from) }, (_, at) =>
      newRunOf(from + at, NAME),
    )
    await queue.admit(admissionOf(runs))
  }
  let ended = 0
  let onAll: () => void = () => undefined
  const all = new Promise<void>((resolve) => (onAll = resolve))
  const worker = createBenchWorker(queue, [NAME], atATime, {
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
  return { cpuMs: (user + system) / 1_000, redisMs: await redisCpuMs(redis) }
}

/** Across rounds: the same run twice would be a duplicate. */
let asked = 0

/** Milliseconds from asking for a run until its handler starts, one at a time in an idle worker. */
async function wait({ count }: { count: number }): Promise<number[]> {
  await queue.ensureGroups([NAME])
  let onStart: () => void = () => undefined
  let onEnd: () => void = () => undefined
  const worker = createBenchWorker(queue, [NAME], 1, {
    onHandler: () => onStart(),
    onSettled: (number) => number && onEnd(),
  })
  const wakeUps = await listenFor(redisUrl, worker)
  const stop = worker.start()
  const waits: number[] = []
  for (let at = 0; at < count; at++) {
    const ended = new Promise<void>((resolve) => (onEnd = resolve))
    const startedAtMs = performance.now()
    const started = new Promise<number>(
      (resolve) => (onStart = () => resolve(performance.now() - startedAtMs)),
    )
    await queue.admit(admissionOf([newRunOf(asked++, NAME)]))
    waits.push(await started)
    await ended
    await sleep(IDLE_MS)
  }
  await stop()
  wakeUps.disconnect()
  return waits
}
