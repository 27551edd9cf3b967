/** How many retries of each function are due and not yet back in its stream. Only reads, and no more than so many. @module */
import type { Redis } from 'ioredis'
import type { Keys } from './keys.ts'
import { redisNowMs } from './redis.ts'

/** Whoever promotes takes a thousand at a time and several times a second: more are due only when nobody does. */
const LOOKED_AT = 1_000

export async function readDue(redis: Redis, keys: Keys): Promise<ReadonlyMap<string, number>> {
  const runIds = await redis.zrangebyscore(keys.delay, '-inf', await redisNowMs(redis), 'LIMIT', 0, LOOKED_AT)
  const due = new Map<string, number>()
  const pipeline = redis.pipeline()
  for (const runId of runIds) pipeline.hget(keys.run(runId), 'fn')
  for (const [error, functionName] of (await pipeline.exec()) ?? []) {
    if (error) throw error
    if (typeof functionName === 'string') due.set(functionName, (due.get(functionName) ?? 0) + 1)
  }
  return due
}
