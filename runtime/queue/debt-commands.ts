/** What Redis is asked about cleaning up (debts.ts): each may be sent twice. @module */
import type { Redis } from 'ioredis'
import { DAY_MS } from '../time.ts'
import type { Keys } from './keys.ts'
import { redisNowMs } from './redis.ts'
import type { RunScript } from './scripts.ts'

/** By then no announcement of the removal is on its way any more. */
const CONSUMED_MS = 30 * DAY_MS

const REASON_CHARS = 4_096

/** By Redis's clock. */
export interface ClaimedDebt {
  /** It was owed then, or before. */
  readonly dueAtMs: number
  readonly atMs: number
}

export function createDebtCommands(redis: Redis, keys: Keys, script: RunScript) {
  return {
    /** Some of what is to be cleaned away now, but for the first `passed` of it. */
    debts: async (count: number, passed = 0): Promise<string[]> =>
      redis.zrangebyscore(keys.tidy, '-inf', await redisNowMs(redis), 'LIMIT', passed, count),

    /** Puts it off for a while, unless somebody else has; undefined when it is not due for that long (any more). */
    async claimDebt(debt: string, forMs: number, dueForMs = 0): Promise<ClaimedDebt | undefined> {
      const [dueAtMs, atMs] = (await script('claim_debt', [debt, forMs, dueForMs])) as number[]
      return dueAtMs === undefined || atMs === undefined ? undefined : { dueAtMs, atMs }
    },

    /** What can never be paid: a debt's text, or the run that owes a verdict. False when it is not owed any more. */
    setAside: async (kind: 'debt' | 'verdict', text: string, reason: string): Promise<boolean> =>
      (await script('set_aside', [kind, text, reason.slice(0, REASON_CHARS)])) === 1,

    async debtPaid(debt: string): Promise<void> {
      await redis.zrem(keys.tidy, debt)
    },

    /** It is tried again after a while; a new debt is tried at once with `delayMs` 0. */
    async owe(debt: string, delayMs: number): Promise<void> {
      await redis.zadd(keys.tidy, (await redisNowMs(redis)) + delayMs, debt)
    },

    /** Whether a run of this version of an object goes on, or ended so that it may be run again; of any function. */
    async hasUnfinished(objectId: string, generation: string): Promise<boolean> {
      // In one command, since runs move from one to another.
      const runIds = await redis.sunion(keys.open(objectId), keys.marked(objectId), keys.failed(objectId))
      const generations = await Promise.all(runIds.map((runId) => redis.hget(keys.run(runId), 'generation')))
      return generations.includes(generation)
    },

    /** The runtime itself removes this version of an object: that is no deletion which results follow. */
    async markConsumed(objectId: string, generation: string): Promise<void> {
      await redis.sadd(keys.consumed(objectId), generation)
      await redis.pexpire(keys.consumed(objectId), CONSUMED_MS)
    },

    isConsumed: async (objectId: string, generation: string): Promise<boolean> =>
      (await redis.sismember(keys.consumed(objectId), generation)) === 1,

    /**
     * Its result was removed with its source: it is done again when that comes back.
     *
     * @param endedAtMs - of the success whose result that was; a later one keeps its own
     */
    async resultRemoved(runId: string, why: string, endedAtMs: number): Promise<void> {
      await script('result_removed', [runId, why, endedAtMs])
    },
  }
}
