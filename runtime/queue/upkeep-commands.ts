/** What Redis is asked to forget, and what must be known before something is removed: each may be sent twice. @module */
import type { Redis } from 'ioredis'
import type { Keys } from './keys.ts'
import { readRunning } from './running.ts'
import { redisNowMs } from './redis.ts'
import type { RunScript } from './scripts.ts'

/** It has ended; its event loop stands still; it lives and gets no CPU. */
export type FateKind = 'crashed' | 'held' | 'starved'

export function createUpkeepCommands(redis: Redis, keys: Keys, script: RunScript) {
  return {
    /**
     * Forgets old runs, `limit` at a time; how many were forgotten and how many looked at.
     *
     * @param passed - how many of the oldest earlier calls of the same pass have kept
     */
    async prune(retentionMs: number, maxRuns: number, limit: number, passed: number) {
      const reply = await script('prune', [retentionMs, maxRuns, limit, passed])
      const [forgotten, examined] = reply as [number, number]
      return { forgotten, examined }
    },

    /** Removes consumers that hold nothing and were not heard of for so long; how many. */
    retireConsumers: (idleMs: number, functionNames: readonly string[]) =>
      script('retire_consumers', [idleMs, ...functionNames]) as Promise<number>,

    /**
     * What becomes of a worker's runs when their leases run out, as its supervisor knows it; good for `forMs`.
     *
     * @param how - completes "the worker …"
     */
    async noteFate(consumer: string, kind: FateKind, how: string, forMs: number): Promise<void> {
      await redis.set(keys.fate(consumer), `${kind} ${how}`, 'PX', Math.ceil(forMs))
    },

    /** What the runs of a function work on that are some worker's now. */
    running: (functionName: string) => readRunning(redis, keys, functionName),

    /** Fields of the sweep's hash, '' to remove one; false when the pass is not the one that goes on (any more). */
    saveSweep: async (passId: string, fields: readonly (readonly [name: string, text: string])[]) =>
      (await script('save_sweep', [passId, ...fields.flat()])) === 1,

    /** Redis's clock. */
    nowMs: () => redisNowMs(redis),
  }
}
