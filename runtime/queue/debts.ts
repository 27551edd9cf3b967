/**
 * What is to be cleaned away once a run has succeeded or a source was deleted: texts in the sorted set `tidy`, put there by
 * the script that knows of it, so that no death of a process forgets one. Workers pay them.
 * @module
 */
import type { Redis } from 'ioredis'
import type { FunctionDefinition } from '../function/definition.ts'
import { DAY_MS } from '../time.ts'
import type { Keys } from './keys.ts'
import { redisNowMs } from './redis.ts'
import type { RunRecord } from './run.ts'
import type { RunScript } from './scripts.ts'

export type Debt =
  /** Whether the source may go now: nothing may be left to do with it. */
  | { readonly kind: 'source'; readonly runId: string }
  /** Whether a function's results of an object have to go: only when the object is gone. */
  | (ResultsOf & { readonly kind: 'results' })
  /** Whether a result was removed on purpose, as the store has announced: then that is recorded. */
  | (ResultsOf & { readonly kind: 'removed' })
  /** Files and pointers of results that were removed, or are being removed: named here since no manifest names them then. */
  | (ResultsOf & {
      readonly kind: 'files'
      readonly attempts: readonly string[]
      readonly pointers: readonly string[]
      /** The success that the result was of: it counts as none from then on. */
      readonly success?: Success
    })
  /** What is the latest version of an object, now that one was removed: it may have to be run once more. */
  | {
      readonly kind: 'look'
      readonly bucket: string
      readonly key: string
      /** Empty where it is not known. */
      readonly removedVersion: string
    }

/** An end of a run: it may have another one later. */
export interface Success {
  readonly runId: string
  readonly endedAtMs: number
}

export interface ResultsOf {
  readonly functionName: string
  readonly bucket: string
  readonly key: string
}

/** What a success owes: of the source, of the results. */
export interface Owed {
  readonly source?: string
  readonly results?: string
}

/** `cause` tells one deletion from the next, so that paying the older debt does not forget the newer one. */
export function resultsDebt({ functionName, bucket, key }: ResultsOf, cause: string): string {
  return JSON.stringify(['results', functionName, bucket, key, cause])
}

/** `cause` tells one removal from the next, as above. */
export function removedDebt({ functionName, bucket, key }: ResultsOf, cause: string): string {
  return JSON.stringify(['removed', functionName, bucket, key, cause])
}

export function filesDebt(
  { functionName, bucket, key }: ResultsOf,
  attempts: readonly string[],
  pointers: readonly string[],
  success?: Success,
): string {
  const of = success ? [success.runId, success.endedAtMs] : []
  return JSON.stringify(['files', functionName, bucket, key, attempts, pointers, ...of])
}

/** `cause` tells one removal from the next, as above. */
export function lookDebt(bucket: string, key: string, removedVersion: string, cause: string): string {
  return JSON.stringify(['look', bucket, key, removedVersion, cause])
}

export function owedBySuccess(
  functions: readonly Pick<FunctionDefinition, 'name' | 'bucket' | 'onDelete' | 'afterSuccess'>[],
  run: {
    readonly runId: string
    readonly epoch: number
    readonly functionName: string
    readonly payload: { readonly bucket: string; readonly key: string }
  },
): Owed {
  const { functionName, payload, runId, epoch } = run
  const { bucket, key } = payload
  const own = functions.find(({ name }) => name === functionName)
  const isSourceOwed = functions.some((each) => each.bucket === bucket && each.afterSuccess === 'remove')
  return {
    ...(isSourceOwed && { source: JSON.stringify(['source', runId, epoch]) }),
    // The source may have been deleted while this ran, when there was no result to remove yet.
    ...(own?.onDelete === 'remove' && {
      results: resultsDebt({ functionName, bucket, key }, `${runId}-${epoch}`),
    }),
  }
}

const KINDS: Readonly<Record<Debt['kind'], true>> = {
  source: true,
  results: true,
  removed: true,
  files: true,
  look: true,
}

/**
 * Undefined for a kind that another version knows.
 *
 * @throws {SyntaxError | TypeError} when it is no debt at all
 */
export function parseDebt(text: string): Debt | undefined {
  const [kind, ...rest] = JSON.parse(text) as [Debt['kind'], ...never[]]
  if (!Object.hasOwn(KINDS, kind)) {
    if (typeof kind === 'string') return undefined
    throw new TypeError('no debt begins so')
  }
  if (kind === 'source') {
    const [runId] = rest as unknown as [string]
    return { kind, runId }
  }
  if (kind === 'look') {
    const [bucket, key, removedVersion] = rest as unknown as [string, string, string]
    return { kind, bucket, key, removedVersion }
  }
  const [functionName, bucket, key, ...more] = rest as unknown as [string, string, string, ...never[]]
  if (kind === 'results' || kind === 'removed') return { kind, functionName, bucket, key }
  const [attempts, pointers, runId, endedAtMs] = more as unknown as [string[], string[], string?, number?]
  const success = runId !== undefined && endedAtMs !== undefined && { runId, endedAtMs }
  return { kind, functionName, bucket, key, attempts, pointers, ...(success && { success }) }
}

/** By then no announcement of the removal is on its way any more. */
const CONSUMED_MS = 30 * DAY_MS

const REASON_CHARS = 4_096

/** By Redis's clock. */
export interface ClaimedDebt {
  /** It was owed then, or before. */
  readonly dueAtMs: number
  readonly atMs: number
}

/** Each may be sent twice. */
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

    /** Some runs whose verdict is owed to the bucket and may be tried now. */
    owedVerdicts: (count: number) => script('owed_verdicts', [count]) as Promise<string[]>,

    /** It makes room for others, longer each time; how often it has by now. */
    putOffVerdict: (runId: string, longestMs: number) =>
      script('put_off_verdict', [runId, longestMs]) as Promise<number>,

    /** The verdict of this end of the run is in the bucket; a later end owes another. */
    async verdictWritten(run: Pick<RunRecord, 'runId' | 'state' | 'epoch' | 'endedAtMs'>): Promise<void> {
      await script('verdict_written', [run.runId, run.state, run.epoch, run.endedAtMs ?? ''])
    },

    /** There is no such run any more, so nobody can be told how it ended. */
    async forgetVerdict(runId: string): Promise<void> {
      await redis.srem(keys.verdicts, runId)
      await redis.zrem(keys.verdictsLater, runId)
    },
  }
}
