/**
 * PUT acknowledged to handler started, on an idle runtime. The peer is MinIO's durable path alone: PUT acknowledged to the
 * notification's arrival in Redis, through a queue folder. Both sides in turn, in one run, through the same servers.
 * That folder is polled every 3 s, so the peer's PUTs are spread evenly over those 3 s.
 * @module
 */
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { sleep } from '../../runtime/time.ts'
import { createRuns } from '../helpers/runs.ts'
import { startTestStack } from '../helpers/stack.ts'
import { waitFor } from '../helpers/wait.ts'
import type { Measurement } from './run.ts'
import { median, round } from './statistics.ts'

const ROUNDS = 25
/** The first ones warm up and do not count. */
const WARM_UP = 5
const POLL_MS = 3_000
const PEER_LIST = 'peer'
const PEER_TARGET = 'arn:minio:sqs::PEER:redis'

export async function measureLatency(): Promise<Measurement> {
  const stack = await startTestStack({
    env: { SLUICE_FUNCTIONS_FILE: join(import.meta.dirname, 'functions.ts'), SLUICE_LOG_LEVEL: 'warn' },
  })
  const runs = createRuns(stack)
  const redis = new Redis(stack.redisUrl)
  const put = async (bucket: string, key: string) => {
    await stack.storage.put(bucket, key, { bytes: Buffer.from('x') }, { contentType: 'text/plain' })
    return process.hrtime.bigint()
  }
  try {
    await bindPeer(stack)
    // MinIO loads its rules a moment after it says that it is ready; uploads before then are never announced.
    await waitFor(
      async () => {
        await put('incoming', 'warm-up.txt')
        return (await runs.of('warm-up.txt')).length > 0
      },
      { timeoutMs: 30_000, intervalMs: 500, what: 'the first event' },
    )
    const ours: number[] = []
    const peer: number[] = []
    for (let round = 0; round < ROUNDS; round++) {
      const key = `${round}.txt`
      const acknowledged = await put('incoming', key)
      const run = await runs.reached(key, 'succeeded')
      const { startedAtNs } = JSON.parse(run.result ?? '') as { startedAtNs: string }
      const oursMs = Number(BigInt(startedAtNs) - acknowledged) / 1e6

      // It has just been polled: move to this round's place between two polls.
      await sleep((POLL_MS * round) / ROUNDS)
      const peerAcknowledged = await put('peer', key)
      await redis.blpop(PEER_LIST, 30)
      const peerMs = Number(process.hrtime.bigint() - peerAcknowledged) / 1e6
      process.stdout.write(
        `round ${round}: ours ${oursMs.toFixed(2)} ms, durable path alone ${peerMs.toFixed(0)} ms\n`,
      )
      if (round < WARM_UP) continue
      ours.push(oursMs)
      peer.push(peerMs)
    }
    const result = { ours: round(median(ours), 3), peer: round(median(peer), 3) }
    return { name: 'latency', unit: 'ms', ...result, ratio: round(result.ours / result.peer, 5) }
  } finally {
    redis.disconnect()
    runs.close()
    await stack.stop()
  }
}

/** A bucket whose events take the durable path only, into a list of its own. */
async function bindPeer({
  mc,
  redisUrl,
  dir,
  minio,
}: Awaited<ReturnType<typeof startTestStack>>): Promise<void> {
  const { host } = new URL(redisUrl)
  const settings = [
    'enable=on',
    `address=${host}`,
    'format=access',
    `key=${PEER_LIST}`,
    `queue_dir=${join(dir, 'peer-queue')}`,
  ]
  await mc.run('admin', 'config', 'set', 'root', 'notify_redis:PEER', ...settings)
  await minio.stop()
  await minio.start()
  await mc.run('mb', 'root/peer')
  await mc.run('event', 'add', 'root/peer', PEER_TARGET, '--event', 'put')
}
