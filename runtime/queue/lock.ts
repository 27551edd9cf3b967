/**
 * Locks: work that only one of many processes does at a time. A lock only saves work: when it has expired and two processes do
 * the same, nothing may break.
 * @module
 */
import { randomUUID } from 'node:crypto'
import type { Redis } from './redis.ts'

export interface Lock {
  /** Takes the lock if it is free, and keeps it if this process has it. */
  hold(): Promise<boolean>
}

/** @param goodMs - after which the lock is free unless it was kept */
export function createLock(redis: Redis, key: string, goodMs: number): Lock {
  const token = randomUUID()
  return {
    hold: () => holdLock(redis, key, token, goodMs),
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

/** The place of a round over buckets, which is made in steps of bounded work: the next process with the lock continues there. */
interface PlaceOfRound {
  readonly bucket?: string | undefined
  /** The last key that was examined. */
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
