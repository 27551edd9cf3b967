/** BullMQ's side of `dispatch` and `wait`: a worker whose processor does nothing. */
import { Queue, Worker } from 'bullmq'
import { Redis } from 'ioredis'
import { answerOrders, payloadOf } from './orders.mjs'

const FILL_AT_ONCE = 500
const [url] = process.argv.slice(2)
const connect = () => new Redis(url, { maxRetriesPerRequest: null })
/** What is done is forgotten at once: the least work for BullMQ. (Ours remembers it for a week.) */
const OPTIONS = { attempts: 5, backoff: { type: 'exponential', delay: 1_000 }, removeOnComplete: true }
const IDLE_MS = 20
let rounds = 0

answerOrders((order) => (order.kind === 'dispatch' ? dispatch(order) : wait(order)))

async function dispatch({ count, atATime }) {
  const name = `nothing-${++rounds}`
  const connection = connect()
  const queue = new Queue(name, { connection })
  for (let from = 0; from < count; from += FILL_AT_ONCE) {
    const jobs = Array.from({ length: Math.min(FILL_AT_ONCE, count - from) }, (_, at) => ({
      name: 'nothing',
      data: payloadOf(from + at),
      opts: OPTIONS,
    }))
    await queue.addBulk(jobs)
  }
  const worker = new Worker(name, async () => ({ ok: true }), {
    connection: connect(),
    concurrency: atATime,
    autorun: false,
  })
  await worker.waitUntilReady()
  let ended = 0
  const all = new Promise((resolve, reject) => {
    worker.on('completed', () => {
      if (++ended === count) resolve()
    })
    worker.on('failed', (_job, error) => reject(error))
  })
  const [startedAtMs, before] = [performance.now(), await usedCpu(connection)]
  const stopped = worker.run()
  await all
  const [seconds, after] = [(performance.now() - startedAtMs) / 1_000, await usedCpu(connection)]
  await worker.close()
  await stopped
  await queue.close()
  connection.disconnect()
  return { seconds, cpuMs: after.cpuMs - before.cpuMs, redisMs: after.redisMs - before.redisMs }
}

async function usedCpu(redis) {
  const { user, system } = process.cpuUsage()
  const seconds = [...(await redis.info('cpu')).matchAll(/used_cpu_(?:sys|user):([\d.]+)/g)]
  return {
    cpuMs: (user + system) / 1_000,
    redisMs: seconds.reduce((sum, [, each]) => sum + Number(each) * 1_000, 0),
  }
}

async function wait({ count }) {
  const name = `nothing-${++rounds}`
  const connection = connect()
  const queue = new Queue(name, { connection })
  let onStart = () => {}
  let onEnd = () => {}
  const worker = new Worker(
    name,
    async () => {
      onStart()
      return { ok: true }
    },
    { connection: connect(), concurrency: 1 },
  )
  worker.on('completed', () => onEnd())
  await worker.waitUntilReady()
  const waits = []
  for (let at = 0; at < count; at++) {
    const ended = new Promise((resolve) => (onEnd = resolve))
    const startedAtMs = performance.now()
    const started = new Promise((resolve) => (onStart = () => resolve(performance.now() - startedAtMs)))
    await queue.add('nothing', payloadOf(at), OPTIONS)
    waits.push(await started)
    await ended
    await new Promise((resolve) => setTimeout(resolve, IDLE_MS))
  }
  await worker.close()
  await queue.close()
  connection.disconnect()
  return waits
}
