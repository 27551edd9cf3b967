/**
 * What one process of many does at a time: whoever has the duty. It only saves work: when it has run out and two do the
 * same, nothing may break.
 * @module
 */
import { randomUUID } from 'node:crypto'
import type { Redis } from 'ioredis'

export interface Duty {
  /** Takes it if nobody has it, keeps it if this process does. */
  isMine(): Promise<boolean>
}

/** @param goodMs - after which it is anybody's when it was not kept */
export function createDuty(redis: Redis, key: string, goodMs: number): Duty {
  const token = randomUUID()
  return {
    async isMine() {
      if ((await redis.set(key, token, 'PX', goodMs, 'NX')) === 'OK') return true
      if ((await redis.get(key)) !== token) return false
      await redis.pexpire(key, goodMs)
      return true
    },
  }
}
