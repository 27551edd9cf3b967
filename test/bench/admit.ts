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
import { notificationsOf } from './notifications.ts'
import type { Measurement } from './run.ts'
import { median, quantile, round, say } from './statistics.ts'

const LIMIT_MS = 50
const UPLOADS = 10_000
const ROUNDS = 5
const WARM_UP = 1
const PUSH_AT_ONCE = 1_000

export async function measureAdmit(size = String(UPLOADS)): Promise<Measurement> {
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
    const [p99s, rates]: [number[], number[]] = [[], []]
    for (let turn = 0; turn < WARM_UP + ROUNDS; turn++) {
      await control.flushall()
      const notifications = notificationsOf(uploads, `round-${turn}`).flatMap((raw) => [raw, raw])
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
      const p99 = quantile(batchesMs, 0.99)
      const label = turn < WARM_UP ? 'warm-up' : `round ${turn}`
      say(
        `${label}: ${rate.toFixed(0)} notifications/s, a batch ${median(batchesMs).toFixed(2)} ms, p99 ${p99.toFixed(2)} ms`,
      )
      if (turn < WARM_UP) continue
      p99s.push(p99)
      rates.push(rate)
    }
    say(`${round(median(rates), 0)} notifications/s`)
    const ours = round(median(p99s), 2)
    return { name: 'admit', unit: 'ms', ours, peer: LIMIT_MS, ratio: round(ours / LIMIT_MS, 3) }
  } finally {
    intake.stop()
    command.disconnect()
    control.disconnect()
    await redis.stop()
  }
}
