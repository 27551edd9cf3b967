/**
 * Small objects a second, from the first PUT to the last manifest, through a real MinIO: a function that reads its object and
 * writes one file, against a BullMQ worker that asks HEAD, reads, and puts a result and a JSON about it. One worker process
 * each, the same number at a time, the same uploader, in turn. BullMQ's uploads are announced by a target of MinIO too.
 * @module
 */
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { createKeys } from '../../runtime/queue/keys.ts'
import { startTestStack, type TestStack } from '../helpers/stack.ts'
import { waitFor } from '../helpers/wait.ts'
import { installPeer } from './peer/install.ts'
import type { Measurement } from './run.ts'
import { startSide } from './side.ts'
import { median, round, say } from './statistics.ts'

const OBJECTS = 400
const ROUNDS = 5
const WARM_UP = 1
const UPLOADS_AT_A_TIME = 8
const LOOK_MS = 10
const BODY = Buffer.alloc(4_096, 'small ')
const PEER_LIST = 'peer'
const PEER_TARGET = 'arn:minio:sqs::PEER:redis'

export async function measureObjects(size = String(OBJECTS)): Promise<Measurement> {
  const count = Number(size)
  await installPeer()
  const stack = await startTestStack({
    env: {
      SLUICE_FUNCTIONS_FILE: join(import.meta.dirname, 'functions.ts'),
      SLUICE_LOG_LEVEL: 'warn',
      SLUICE_WORKERS: '1',
    },
  })
  const redis = new Redis(stack.redisUrl)
  const { accessKey: user, secretKey: password } = stack.credentials.root
  const settings = { url: stack.redisUrl, list: PEER_LIST, endpoint: stack.minioEndpoint, user, password }
  await bindPeer(stack)
  const peer = startSide(join(import.meta.dirname, 'peer', 'objects.mjs'), [JSON.stringify(settings)])
  const keys = createKeys('sluice')
  /** Runs that have their manifest and are settled. */
  const done = { ours: () => redis.zcard(keys.ended), peer: () => peer.ask<number>({ kind: 'done' }) }
  const buckets = { ours: 'incoming', peer: 'peer' }
  try {
    for (const name of ['ours', 'peer'] as const) {
      // MinIO loads its rules a moment after it says that it is ready; uploads before then are never announced.
      await waitFor(
        async () => {
          await stack.storage.put(
            buckets[name],
            'small/first',
            { bytes: BODY },
            { contentType: 'text/plain' },
          )
          return (await done[name]()) > 0
        },
        { timeoutMs: 30_000, intervalMs: 500, what: `the first event of ${name}` },
      )
    }
    const rates: { ours: number[]; peer: number[] } = { ours: [], peer: [] }
    for (let turn = 0; turn < WARM_UP + ROUNDS; turn++) {
      const rate = { ours: 0, peer: 0 }
      for (const name of turn % 2 === 0 ? (['ours', 'peer'] as const) : (['peer', 'ours'] as const)) {
        const before = await settledAt(done[name])
        const startedAtMs = performance.now()
        await upload(stack, buckets[name], turn, count)
        await waitFor(async () => (await done[name]()) - before >= count, {
          timeoutMs: 120_000,
          intervalMs: LOOK_MS,
          what: `${count} results of ${name}`,
        })
        rate[name] = count / ((performance.now() - startedAtMs) / 1_000)
        await assertThere(stack, name, turn, count)
      }
      const label = turn < WARM_UP ? 'warm-up' : `round ${turn}`
      say(
        `${label}: ours ${rate.ours.toFixed(0)}/s, BullMQ ${rate.peer.toFixed(0)}/s, ${(rate.ours / rate.peer).toFixed(2)} x`,
      )
      if (turn < WARM_UP) continue
      rates.ours.push(rate.ours)
      rates.peer.push(rate.peer)
    }
    const [ours, peerRate] = [round(median(rates.ours), 1), round(median(rates.peer), 1)]
    return { name: 'objects', unit: 'objects/s', ours, peer: peerRate, ratio: round(ours / peerRate, 3) }
  } finally {
    redis.disconnect()
    await peer.stop()
    await stack.stop()
  }
}

/** How many were done when none is under way any more: warm-up uploads may come in late. */
async function settledAt(done: () => Promise<number>): Promise<number> {
  let last = -1
  return waitFor(
    async () => {
      const now = await done()
      const isSame = now === last
      last = now
      return isSame && now
    },
    { timeoutMs: 30_000, intervalMs: 500, what: 'nothing to be under way' },
  )
}

async function upload({ storage }: TestStack, bucket: string, turn: number, count: number): Promise<void> {
  let next = 0
  const uploader = async () => {
    for (let at = next++; at < count; at = next++)
      await storage.put(bucket, `small/${turn}/${at}`, { bytes: BODY }, { contentType: 'text/plain' })
  }
  await Promise.all(Array.from({ length: UPLOADS_AT_A_TIME }, uploader))
}

/** The last object's result says what was read: neither side may be fast by doing nothing. */
async function assertThere(
  { storage }: TestStack,
  name: 'ours' | 'peer',
  turn: number,
  count: number,
): Promise<void> {
  const folder = name === 'ours' ? 'processed' : 'peer-results'
  const key = `small/${turn}/${count - 1}`
  const manifest = await storage.readText(
    folder,
    name === 'ours' ? `${key}/small/manifest.json` : `${key}/manifest.json`,
  )
  const { files } = JSON.parse(manifest?.text ?? '{"files":[]}') as { files: { key: string }[] }
  const result = files[0] && (await storage.readText(folder, files[0].key))
  const sha256 = createHash('sha256').update(BODY).digest('hex')
  if (!result?.text.includes(sha256)) throw new Error(`${name} has no right result for ${key}`)
}

/** Buckets for BullMQ's side, announced by a target of their own that keeps nothing on disk. */
async function bindPeer({ mc, redisUrl, minio }: TestStack): Promise<void> {
  const settings = ['enable=on', `address=${new URL(redisUrl).host}`, 'format=access', `key=${PEER_LIST}`]
  await mc.run('admin', 'config', 'set', 'root', 'notify_redis:PEER', ...settings)
  await minio.stop()
  await minio.start()
  await mc.run('mb', 'root/peer', 'root/peer-results')
  await mc.run('version', 'enable', 'root/peer')
  await mc.run('version', 'enable', 'root/peer-results')
  await mc.run('event', 'add', 'root/peer', PEER_TARGET, '--event', 'put')
}
