/**
 * The outbox: debts in the sorted set `tidy`, by due time. The script that causes a debt also stores it, so that no death of a
 * process loses one; `upkeep/debts.ts` pays them.
 * @module
 */
import type { FunctionDefinition } from '../function/definition.ts'
import { DAY_MS } from '../time.ts'
import type { Debt } from './debts.ts'
import type { Keys } from './keys.ts'
import { redisNowMs, type Redis } from './redis.ts'
import type { RunRecord } from './run.ts'
import type { RunScript } from './scripts.ts'

/** By then no announcement of the removal can still arrive. */
const CONSUMED_MS = 30 * DAY_MS

const REASON_CHARS = 4_096

/** The debts that a process can pay; it is handed others only when no process has claimed them in time. */
export interface DebtSkills {
  readonly kinds: readonly Debt['kind'][]
  readonly functions: readonly Pick<FunctionDefinition, 'name' | 'bucket' | 'afterSuccess'>[]
}

export interface ClaimRequest extends DebtSkills {
  readonly count: number
  readonly forMs: number
  /** How long a debt that this process cannot pay is left to others. */
  readonly leaveMs: number
  /** Of earlier calls of the same round. */
  readonly passed?: number
  /** Only these, if they are due. */
  readonly only?: readonly string[]
}

/** Times are of Redis's clock. */
export interface ClaimedDebt {
  readonly text: string
  /** It was owed since then, or longer. */
  readonly dueAtMs: number
  readonly atMs: number
  readonly untilMs: number
  /** Those before this one, and when the first of them ended. */
  readonly attempts: number
  readonly sinceMs: number
  /** Set when this process cannot pay it: the thing that it would have to know, such as `function "cut"`. */
  readonly missing?: string
}

type ClaimReply = [
  atMs: number,
  passed: number,
  isMore: number,
  rows: [text: string, dueAtMs: number, attempts: number, sinceMs: number, missing: string][],
]

function skillTexts({ kinds, functions }: DebtSkills): readonly string[] {
  const texts = functions.flatMap(({ name, bucket, afterSuccess }) => [
    `function "${name}"`,
    `bucket "${bucket}"`,
    ...(afterSuccess === 'remove' ? [`function that removes sources of "${bucket}"`] : []),
  ])
  return [...new Set([...kinds.map((kind) => `kind "${kind}"`), ...texts])]
}

/** How many debts are owed; from all of them, so that nothing else has to be counted. */
export async function readDebtsOwed(
  redis: Redis,
  keys: Keys,
): Promise<{ verdicts: number; cleanups: number }> {
  const runs = new Set<string>()
  const match = '\\["verdict",*'
  for await (const page of redis.zscanStream(keys.debts, { match, count: 10_000 }) as AsyncIterable<string[]>)
    page.forEach((text, index) => index % 2 === 0 && runs.add(text))
  return { verdicts: runs.size, cleanups: Math.max(0, (await redis.zcard(keys.debts)) - runs.size) }
}

/** Each may be sent twice. */
export function createOutbox(redis: Redis, keys: Keys, script: RunScript) {
  return {
    /** Debts that are due, in the order of their due times, each for this process alone for a while. */
    async claimDebts(request: ClaimRequest) {
      const { count, forMs, leaveMs, passed = 0, only = [] } = request
      const args = [count, forMs, leaveMs, passed, only.length, ...only, ...skillTexts(request)]
      const [atMs, passedNow, isMore, rows] = (await script('claim_debts', args)) as ClaimReply
      const debts = rows.map(([text, dueAtMs, attempts, sinceMs, missing]): ClaimedDebt => ({
        text,
        dueAtMs,
        atMs,
        untilMs: atMs + forMs,
        attempts,
        sinceMs,
        ...(missing && { missing }),
      }))
      return { debts, passed: passedNow, isMore: isMore === 1 }
    },

    /** It is due again after a while. */
    async putOffDebt({ text, untilMs }: ClaimedDebt, delayMs: number, isAttempt: boolean): Promise<void> {
      await script('put_off_debt', [text, untilMs, Math.floor(delayMs), isAttempt ? 1 : 0])
    },

    /** A debt that can never be paid. False when it is not owed any more. */
    setDebtAside: async (debt: string, reason: string): Promise<boolean> =>
      (await script('set_aside', [debt, reason.slice(0, REASON_CHARS)])) === 1,

    async debtPaid(debt: string): Promise<void> {
      await redis.zrem(keys.debts, debt)
      await redis.hdel(keys.debtAttempts, debt)
    },

    /** It is tried again after a while; a new debt is tried at once with `delayMs` 0. */
    async owe(debt: string, delayMs: number): Promise<void> {
      await redis.zadd(keys.debts, (await redisNowMs(redis)) + delayMs, debt)
    },

    /** Whether a run of this version of an object, of any function, is in progress or has failed and may be run again. */
    async hasUnfinished(objectId: string, generation: string): Promise<boolean> {
      // In one command, since runs move from one to another.
      const runIds = await redis.sunion(keys.open(objectId), keys.marked(objectId), keys.failed(objectId))
      const generations = await Promise.all(runIds.map((runId) => redis.hget(keys.run(runId), 'generation')))
      return generations.includes(generation)
    },

    /** The runtime itself removes this version of an object: results do not follow this deletion. */
    async markConsumed(objectId: string, generation: string): Promise<void> {
      await redis.sadd(keys.consumed(objectId), generation)
      await redis.pexpire(keys.consumed(objectId), CONSUMED_MS)
    },

    isConsumed: async (objectId: string, generation: string): Promise<boolean> =>
      (await redis.sismember(keys.consumed(objectId), generation)) === 1,

    /**
     * Notes that a run's result was removed with its source: it runs again when the source comes back.
     *
     * @param endedAtMs - end of the success that had this result; a later success keeps its own
     */
    async resultRemoved(runId: string, why: string, endedAtMs: number): Promise<void> {
      await script('result_removed', [runId, why, endedAtMs])
    },

    /** The verdict of this end of the run is in the bucket; a later end owes another. */
    async verdictWritten(run: Pick<RunRecord, 'runId' | 'state' | 'epoch' | 'endedAtMs'>): Promise<void> {
      await script('verdict_written', [run.runId, run.state, run.epoch, run.endedAtMs ?? ''])
    },
  }
}
