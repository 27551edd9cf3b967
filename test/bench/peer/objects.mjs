/**
 * BullMQ's side of `objects`: what one would write by hand. An intake takes notifications off a list and adds a job for each; a
 * worker asks HEAD, reads, puts a result and then a JSON that names it. It does not do: attempts that cannot overwrite each
 * other, a commit that only the newest upload wins, a look at what is there already, a verdict.
 */
import { createHash } from 'node:crypto'
import { Queue, Worker } from 'bullmq'
import { Redis } from 'ioredis'
import { Client } from 'minio'
import { answerOrders } from './orders.mjs'

const AT_A_TIME = 16
const RESULTS = 'peer-results'
const { url, list, endpoint, user, password, isAnnouncedTwice } = JSON.parse(process.argv[2])
const connect = () => new Redis(url, { maxRetriesPerRequest: null })
const { hostname, port } = new URL(endpoint)
const client = new Client({
  endPoint: hostname,
  port: Number(port),
  useSSL: false,
  accessKey: user,
  secretKey: password,
  region: 'us-east-1',
})

const queue = new Queue('objects', { connection: connect() })
const notifications = connect()
async function intake() {
  for (;;) {
    const [, text] = (await notifications.blpop(list, 0)) ?? []
    for (const { s3 } of JSON.parse(text)[0].Event) {
      const key = decodeURIComponent(s3.object.key.replaceAll('+', ' '))
      const data = { bucket: s3.bucket.name, key, versionId: s3.object.versionId, etag: s3.object.eTag }
      // The second announcement of an upload is no second job, for ten minutes.
      const once = { jobId: s3.object.versionId, removeOnComplete: { age: 600 } }
      await queue.add('object', data, {
        attempts: 5,
        ...(isAnnouncedTwice ? once : { removeOnComplete: true }),
      })
    }
  }
}

let done = 0
let isReached = () => {}
const worker = new Worker('objects', ({ data }) => work(data), {
  connection: connect(),
  concurrency: AT_A_TIME,
})
worker.on('completed', () => {
  done += 1
  isReached()
})
worker.on('failed', (_job, error) => process.stderr.write(`${error.stack}\n`))

async function work({ bucket, key, versionId }) {
  const startedAt = new Date()
  const head = await client.statObject(bucket, key, { versionId })
  const hash = createHash('sha256')
  for await (const bytes of await client.getObject(bucket, key, { versionId })) hash.update(bytes)
  const result = `${JSON.stringify({ key, sha256: hash.digest('hex') }, null, 2)}\n`
  await client.putObject(RESULTS, `${key}/result.json`, result, undefined, {
    'content-type': 'application/json',
  })
  const manifest = {
    source: { bucket, key, versionId, etag: head.etag, size: head.size },
    files: [
      {
        key: `${key}/result.json`,
        bytes: result.length,
        sha256: createHash('sha256').update(result).digest('hex'),
      },
    ],
    startedAt,
    finishedAt: new Date(),
  }
  await client.putObject(RESULTS, `${key}/manifest.json`, JSON.stringify(manifest), undefined, {
    'content-type': 'application/json',
  })
  return { ok: true }
}

void intake()
/** Told, not asked for again and again: answers would take time from the work. */
answerOrders(async ({ until = 0 }) => {
  while (done < until) await new Promise((resolve) => (isReached = resolve))
  return done
})
