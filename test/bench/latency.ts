/**
 * PUT acknowledged to handler started, on an idle runtime. The peer is MinIO's durable path alone: PUT acknowledged to the
 * notification's arrival in Redis, through a queue folder. All sides in turn, in one run, ours and the peer's through the same
 * servers. That folder is polled every 3 s, so the peer's PUTs are spread evenly over those 3 s.
 * @module
 */
import { Redis } from 'ioredis'
import { sleep } from '../../runtime/time.ts'
import type { TestStack } from '../helpers/stack.ts'
import { waitFor } from '../helpers/wait.ts'
import { compare, mapped, type Measurement, type Pass } from './harness/compare.ts'
import { withRuntimes, type Runtime } from './harness/tree.ts'
import { bindTargets } from './peer/bind.ts'
import type { Order } from './run.ts'

/** Of one PUT each, so more of them than other benchmarks have. */
const PUTS_A_ROUND = 4
const WARM_UP = 5
const POLL_MS = 3_000
/** Nobody looks whether the run has ended while it is measured. */
const UNDISTURBED_MS = 150

export async function measureLatency(
  _size: string | undefined,
  { rounds, before }: Order,
): Promise<Measurement> {
  const puts = rounds * PUTS_A_ROUND
  return withRuntimes(before, { functions: 'functions.ts' }, async (runtimes) => {
    const { stack } = runtimes.ours
    const list = await bindTargets(stack, [{ name: 'PEER', isKept: true }])
    const redis = new Redis(stack.redisUrl)
    try {
      for (const runtime of Object.values(runtimes)) await warm(runtime)
      return await compare({
        name: 'latency',
        unit: 'ms',
        rounds: puts,
        warmUp: WARM_UP,
        digits: 3,
        sides: {
          ...mapped(runtimes, (runtime) => (round: number) => measureOurs(runtime, `${round}.txt`)),
          async peer(round) {
            // It has just been polled: move to this round's place between two polls.
            await sleep((POLL_MS * round) / (puts + WARM_UP))
            const acknowledgedNs = await put(stack, 'peer', `${round}.txt`)
            await redis.blpop(list, 30)
            return { value: Number(process.hrtime.bigint() - acknowledgedNs) / 1e6 }
          },
        },
      })
    } finally {
      redis.disconnect()
    }
  })
}

/** MinIO loads its rules a moment after it says that it is ready; uploads before then are never announced. */
async function warm({ stack, runs }: Runtime): Promise<void> {
  await waitFor(
    async () => {
      await put(stack, 'incoming', 'warm-up.txt')
      return (await runs.of('warm-up.txt')).length > 0
    },
    { timeoutMs: 30_000, intervalMs: 500, what: 'the first event' },
  )
}

async function measureOurs({ stack, runs }: Runtime, key: string): Promise<Pass> {
  const acknowledgedNs = await put(stack, 'incoming', key)
  await sleep(UNDISTURBED_MS)
  const run = await runs.reached(key, 'succeeded')
  const { startedAtNs } = JSON.parse(run.result ?? '') as { startedAtNs: string }
  return { value: Number(BigInt(startedAtNs) - acknowledgedNs) / 1e6 }
}

/** @returns when it was acknowledged */
async function put({ storage }: TestStack, bucket: string, key: string): Promise<bigint> {
  await storage.put(bucket, key, { bytes: Buffer.from('x') }, { contentType: 'text/plain' })
  return process.hrtime.bigint()
}
