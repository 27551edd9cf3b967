/** The failures of pulls, as their receivers report them: of each wanted stream the last one, until it gives media. @module */
import { parseJson } from '../json.ts'
import { z } from 'zod'
import type { Keys } from './keys.ts'
import { redisNowMs, type Redis } from './redis.ts'

const failureSchema = z.object({
  /** In a row. */
  failures: z.int().min(1),
  /** A sentence without secrets. */
  why: z.string(),
  atMs: z.number(),
  /** Of the wish: a later one has not failed yet. */
  sinceMs: z.number(),
})

export type PullFailure = z.output<typeof failureSchema>

export function createPullFailures(redis: Redis, keys: Keys) {
  return {
    async pullFailed(name: string, failure: Omit<PullFailure, 'atMs'>): Promise<void> {
      const atMs = await redisNowMs(redis)
      await redis.hset(keys.streamPulls, name, JSON.stringify({ ...failure, atMs }))
    },

    /** It gives media, or is not wanted any more. */
    async forgetPullFailure(name: string): Promise<void> {
      await redis.hdel(keys.streamPulls, name)
    },

    async pullFailures(): Promise<ReadonlyMap<string, PullFailure>> {
      const texts = Object.entries(await redis.hgetall(keys.streamPulls))
      return new Map(
        texts.flatMap(([name, text]) => {
          const { data } = failureSchema.safeParse(parseJson(text))
          return data ? [[name, data] as const] : []
        }),
      )
    },
  }
}
