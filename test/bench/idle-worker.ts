/** Our side of `idle`: many workers in one process, each with connections of its own, and who asks them for work. @module */
import { connectRedis } from '../../runtime/queue/redis.ts'
import { createQueue } from '../../runtime/queue/queue.ts'
import { sleep } from '../../runtime/time.ts'
import { admissionOf, createBenchWorker, listenFor, log, newRunOf, redisCpuMs } from './bench-worker.ts'
import { answerOrders } from './side.ts'

/** From one upload to the next. */
const IDLE_MS = 20
/** Until all workers wait. */
const SETTLE_MS = 2_000

const [redisUrl = ''] = process.argv.slice(2)
const redis = connectRedis(redisUrl, 'command', log)
const queue = createQueue(redis, 'sluice')

/** Across rounds: the same run twice would be a duplicate. */
let asked = 0

interface IdleOrder {
  readonly workers: number
  readonly functions: number
  readonly uploads: number
}

/** Redis's CPU for one upload at a time beside so many idle workers, without what they cost by themselves; and as in `wait`. */
async function idle({ workers, functions, uploads }: IdleOrder) {
  const names = Array.from({ length: functions }, (_, at) => `nothing-${at}`)
  await queue.ensureGroups(names)
  let onStart: () => void = () => undefined
  const all = Array.from({ length: workers }, () => {
    const connection = connectRedis(redisUrl, 'command', log)
    const watching = { onHandler: () => onStart(), onSettled: () => undefined }
    return { connection, worker: createBenchWorker(createQueue(connection, 'sluice'), names, 1, watching) }
  })
  const ears = await Promise.all(all.map(({ worker }) => listenFor(redisUrl, worker)))
  const stops = all.map(({ worker }) => worker.start())
  await sleep(SETTLE_MS)
  const before = await redisCpuMs(redis)
  await sleep(uploads * IDLE_MS)
  const alone = (await redisCpuMs(redis)) - before
  const [waits, from, startedAtMs] = [[] as number[], await redisCpuMs(redis), performance.now()]
  for (let at = 0; at < uploads; at++) {
    const askedAtMs = performance.now()
    const started = new Promise<void>((resolve) => (onStart = resolve))
    await queue.admit(admissionOf([newRunOf(asked++, names[at % functions] as string)]))
    await started
    waits.push(performance.now() - askedAtMs)
    await sleep(Math.max(0, askedAtMs + IDLE_MS - performance.now()))
  }
  const tookMs = performance.now() - startedAtMs
  const used = (await redisCpuMs(redis)) - from
  await Promise.all(stops.map((stop) => stop()))
  for (const connection of [...ears, ...all.map((each) => each.connection)]) connection.disconnect()
  return { redisMs: (used - (alone * tookMs) / (uploads * IDLE_MS)) / uploads, waits }
}

answerOrders(idle)
