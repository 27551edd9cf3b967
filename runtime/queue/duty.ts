/**
 * What one process of many does at a time: whoever has the duty. It only saves work: when it has run out and two do the
 * same, nothing may break.
 * @module
 */
import { randomUUID } from 'node:crypto'
import type { Redis } from './redis.ts'

export interface Duty {
  /** Takes it if nobody has it, keeps it if this process does. */
  isMine(): Promise<boolean>
}

/** @param goodMs - after which it is anybody's when it was not kept */
export function createDuty(redis: Redis, key: string, goodMs: number): Duty {
  const token = randomUUID()
  return {
    isMine: () => holdLock(redis, key, token, goodMs),
  }
}

/** Takes a lock that is free, and keeps one that `owner` has, for `ms` from now. */
export async function holdLock(redis: Redis, key: string, owner: string, ms: number): Promise<boolean> {
  if ((await redis.set(key, owner, 'PX', ms, 'NX')) === 'OK') return true
  if ((await redis.get(key)) !== owner) return false
  await redis.pexpire(key, ms)
  return true
}

export async function releaseLock(redis: Redis, key: string, owner: string): Promise<void> {
  if ((await redis.get(key)) === owner) await redis.del(key)
}

/** Where a round over buckets is, in steps of bounded work: whoever has the duty next continues there. */
export interface PlaceOfRound {
  readonly bucket?: string | undefined
  /** The last key that was looked at. */
  readonly after?: string | undefined
  /** Between two rounds. */
  readonly restsUntilMs?: number | undefined
}

export function createPlaceOfRound(redis: Redis, key: string) {
  return {
    async read(): Promise<PlaceOfRound> {
      const { restsUntil, ...place } = await redis.hgetall(key)
      return { ...place, ...(restsUntil !== undefined && { restsUntilMs: Number(restsUntil) }) }
    },

    async save({ bucket, after, restsUntilMs }: PlaceOfRound): Promise<void> {
      const fields = Object.entries({ bucket, after, restsUntil: restsUntilMs })
      const known = fields.flatMap(([name, value]) => (value === undefined ? [] : [name, value]))
      await redis
        .multi()
        .del(key)
        .hset(key, ...known)
        .exec()
    },
  }
}
