/**
 * What Redis needs for 100,000 runs, waiting and ended, with all that is remembered of their objects; against 100,000 jobs of
 * BullMQ with the same data, waiting and completed. Ended ones are kept by both, ours by its defaults.
 * @module
 */
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { defineFunction } from '../../runtime/function/definition.ts'
import { planAdmission } from '../../runtime/intake/admission.ts'
import { createRouter } from '../../runtime/function/routing.ts'
import { createLogger } from '../../runtime/telemetry/logger.ts'
import { createQueue, type Queue } from '../../runtime/queue/queue.ts'
import { connectRedis } from '../../runtime/queue/redis.ts'
import type { Settlement } from '../../runtime/queue/turn.ts'
import { startTestRedis } from '../helpers/servers.ts'
import { compare, type Measurement, type Pass } from './harness/compare.ts'
import { notificationsOf } from './notifications.ts'
import { installPeer } from './peer/install.ts'
import type { Order } from './run.ts'
import { startSide } from './side.ts'

const RUNS = 100_000
const NAME = 'nothing'
const AT_ONCE = 100
const DAY_MS = 86_400_000

export async function measureMemory(size = String(RUNS), { rounds }: Order): Promise<Measurement> {
  const count = Number(size)
  await installPeer()
  const redis = await startTestRedis()
  const control = new Redis(redis.url)
  const command = connectRedis(redis.url, 'command', createLogger({ level: 'warn', format: 'json' }))
  const queue = createQueue(command, 'sluice')
  const peer = startSide(join(import.meta.dirname, 'peer', 'memory.mjs'), [redis.url])
  /** Of the whole number, when `fill` has stored them and when `work` has ended them. */
  const side = (fill: () => Promise<unknown>, work: () => Promise<unknown>) => async (): Promise<Pass> => {
    await control.flushall()
    const before = await usedBytes(control)
    const usedMb = async () => ((await usedBytes(control)) - before) * (RUNS / count) * 1e-6
    await fill()
    const waiting = await usedMb()
    await work()
    return { value: await usedMb(), parts: { waiting } }
  }
  try {
    return await compare({
      name: 'memory',
      unit: 'MB',
      rounds,
      warmUp: 0,
      digits: 1,
      parts: 'MB',
      sides: {
        ours: side(
          () => fill(queue, count),
          () => settleAll(queue, count),
        ),
        peer: side(
          () => peer.ask({ kind: 'fill', count }),
          () => peer.ask({ kind: 'work', count }),
        ),
      },
    })
  } finally {
    await peer.stop()
    command.disconnect()
    control.disconnect()
    await redis.stop()
  }
}

/** As the intake does it, with its record of each object. */
async function fill(queue: Queue, count: number): Promise<void> {
  await queue.ensureGroups([NAME])
  const definition = defineFunction({ name: NAME, version: '1', on: { bucket: 'incoming' } }, (c) =>
    c.json({}),
  )
  const router = createRouter([definition])
  const raws = notificationsOf(count, 'folder').map((raw) => Buffer.from(raw))
  for (let from = 0; from < count; from += AT_ONCE) {
    const settings = { paths: 2, recordTtlMs: 2 * DAY_MS } as const
    for (const plan of planAdmission(raws.slice(from, from + AT_ONCE), router, settings))
      await queue.admit({ ...plan, raws: [] })
  }
}

async function settleAll(queue: Queue, count: number): Promise<void> {
  const wants = [{ functionName: NAME, free: AT_ONCE, lowFirst: 0 }]
  let settlements: Settlement[] = []
  for (let ended = 0; ended < count; ended += settlements.length) {
    const consumer = 'bench:1:00000000-0000-4000-8000-000000000000'
    const request = { consumer, token: randomUUID(), inFlight: 0 }
    const { claims } = await queue.turn({ ...request, settlements: [], wants })
    if (claims.length === 0) throw new Error(`only ${ended} runs were there to claim`)
    settlements = claims.map(({ runId, fence, token }) => ({
      runId,
      fence,
      token,
      kind: 'complete',
      result: '{"ok":true}',
    }))
    await queue.turn({ ...request, token: randomUUID(), settlements, wants: [] })
  }
}

async function usedBytes(redis: Redis): Promise<number> {
  const [, bytes] = /used_memory:(\d+)/.exec(await redis.info('memory')) ?? []
  return Number(bytes)
}
