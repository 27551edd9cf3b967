/** BullMQ's side of `memory`: jobs that wait, and the same jobs completed and kept. */
import { Queue, Worker } from 'bullmq'
import { Redis } from 'ioredis'
import { answerOrders, payloadOf } from './orders.mjs'

const AT_ONCE = 500
const [url] = process.argv.slice(2)
const connect = () => new Redis(url, { maxRetriesPerRequest: null })

answerOrders(({ kind, count }) => (kind === 'fill' ? fill(count) : work(count)))

async function fill(count) {
  const connection = connect()
  const queue = new Queue('nothing', { connection })
  for (let from = 0; from < count; from += AT_ONCE) {
    const jobs = Array.from({ length: Math.min(AT_ONCE, count - from) }, (_, at) => ({
      name: 'nothing',
      data: payloadOf(from + at),
      opts: { attempts: 5, backoff: { type: 'exponential', delay: 1_000 } },
    }))
    await queue.addBulk(jobs)
  }
  await queue.close()
  connection.disconnect()
}

async function work(count) {
  const connection = connect()
  const worker = new Worker('nothing', async () => ({ ok: true }), { connection, concurrency: 100 })
  let ended = 0
  await new Promise((resolve, reject) => {
    worker.on('completed', () => {
      if (++ended === count) resolve()
    })
    worker.on('failed', (_job, error) => reject(error))
  })
  await worker.close()
  connection.disconnect()
}
