/** Waits until every worker of a stack knows an operator's newest setting for a function. @module */
import type { Redis } from 'ioredis'
import { createKeys } from '../../runtime/queue/keys.ts'
import { waitFor } from './wait.ts'

/** A worker says each second that it is there, and is answered with the limits; it has heard them once it says so again. */
export async function everyWorkerHeard(redis: Redis, functionName: string): Promise<void> {
  const key = createKeys('sluice').workers(functionName)
  for (let time = 0; time < 2; time++) {
    // A stack that has just started may have none yet.
    const newest = await waitFor(
      async () => {
        const [, score] = await redis.zrange(key, '-1', '-1', 'WITHSCORES')
        return score !== undefined && Number(score)
      },
      { timeoutMs: 30_000, what: `a worker to serve ${functionName}` },
    )
    await waitFor(async () => (await redis.zcount(key, '-inf', String(newest))) === 0, {
      timeoutMs: 10_000,
      what: 'every worker to say that it is there',
    })
  }
}
