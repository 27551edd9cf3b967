/** Answers to requests with an `Idempotency-Key`, kept in Redis for a day. @module */
import { createHash } from 'node:crypto'
import type { Redis } from 'ioredis'
import type { AnswerStore, StoredAnswer } from '../api/services.ts'
import { DAY_MS, MINUTE_MS } from '../time.ts'

interface Kept {
  readonly requestHash: string
  /** Absent while the request is under way. */
  readonly answer?: StoredAnswer
}

/** When the process that is at it was lost, the key can be used again after this. */
const UNDER_WAY_MS = 10 * MINUTE_MS

export function createAnswerStore(redis: Redis, prefix: string): AnswerStore {
  const keyOf = (key: string) => `${prefix}answer:${createHash('sha256').update(key).digest('hex')}`

  return {
    async begin(key, requestHash) {
      const own: Kept = { requestHash }
      const known = await redis.set(keyOf(key), JSON.stringify(own), 'PX', UNDER_WAY_MS, 'NX', 'GET')
      if (known === null) return { kind: 'begun' }
      const kept = JSON.parse(known) as Kept
      if (kept.requestHash !== requestHash) return { kind: 'mismatch' }
      return kept.answer ? { kind: 'answered', answer: kept.answer } : { kind: 'busy' }
    },
    async keep(key, requestHash, answer) {
      const kept: Kept = { requestHash, answer }
      await redis.set(keyOf(key), JSON.stringify(kept), 'PX', DAY_MS)
    },
    async forget(key) {
      await redis.del(keyOf(key))
    },
  }
}
