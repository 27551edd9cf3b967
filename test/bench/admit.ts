/**
 * Notifications admitted by one intake, which finds its inbox full, as after an outage: how long a batch takes, from reading it
 * to its runs being stored (99 of 100 are faster), against the limit of 50 ms; notifications a second are printed beside it.
 * Each upload is announced twice, as two targets do it.
 * @module
 */
import { Redis } from 'ioredis'
import { defineFunction } from '../../runtime/function/definition.ts'
import { createIntake } from '../../runtime/intake/intake.ts'
import { createRouter } from '../../runtime/function/routing.ts'
import { createLogger } from '../../runtime/telemetry/logger.ts'
import { createMetrics } from '../../runtime/telemetry/metrics.ts'
import { connectRedis } from '../../runtime/queue/redis.ts'
import { createQueue } from '../../runtime/queue/queue.ts'
import { startTestRedis } from '../helpers/servers.ts'
import { compare, type Measurement } from './harness/compare.ts'
import { notificationsOf } from './notifications.ts'
import type { Order } from './run.ts'
import { median, quantile } from './statistics.ts'

const LIMIT_MS = 50
const UPLOADS = 10_000
const PUSH_AT_ONCE = 1_000

export async function measureAdmit(size = String(UPLOADS), { rounds }: Order): Promise<Measurement> {
  const uploads = Number(size)
  const redis = await startTestRedis()
  const control = new Redis(redis.url)
  const log = createLogger({ level: 'warn', format: 'json' })
  const [command, blocking] = [connectRedis(redis.url, 'command', log), connectRedis(redis.url, 'block', log)]
  const queue = createQueue(command, 'sluice')
  const definition = defineFunction({ name: 'nothing', version: '1', on: { bucket: 'incoming' } }, (c) =>
    c.json({}),
  )
  const intake = createIntake({
    name: 'bench',
    queue,
    blocking,
    router: createRouter([definition]),
    paths: 2,
    recordTtlMs: 60_000,
    metrics: createMetrics(),
    log,
  })
  try {
    return await compare({
      name: 'admit',
      unit: 'ms',
      rounds,
      digits: 2,
      parts: 'a batch in ms, and notifications/s',
      sides: {
        async ours(round) {
          await control.flushall()
          const notifications = notificationsOf(uploads, `round-${round}`).flatMap((raw) => [raw, raw])
          for (let from = 0; from < notifications.length; from += PUSH_AT_ONCE)
            await control.rpush(queue.keys.inbox, ...notifications.slice(from, from + PUSH_AT_ONCE))
          const batchesMs: number[] = []
          const startedAtMs = performance.now()
          for (;;) {
            const batchAtMs = performance.now()
            if ((await intake.runOnce()) === 0) break
            batchesMs.push(performance.now() - batchAtMs)
          }
          const rate = notifications.length / ((performance.now() - startedAtMs) / 1_000)
          const admitted = await control.zcard(queue.keys.runs)
          if (admitted !== uploads) throw new Error(`${admitted} runs were admitted of ${uploads}`)
          return { value: quantile(batchesMs, 0.99), parts: { median: median(batchesMs), rate } }
        },
        peer: () => Promise.resolve({ value: LIMIT_MS }),
      },
    })
  } finally {
    intake.stop()
    command.disconnect()
    control.disconnect()
    await redis.stop()
  }
}
