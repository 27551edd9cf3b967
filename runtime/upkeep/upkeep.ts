/**
 * Keeps the queue running: retries that are due, runs of lost workers, debts, old runs. Workers do it, and intakes too, so
 * that a retry comes back and asks for a worker when all of them are gone. Several processes may do each of it at once.
 * @module
 */
import { createRouter } from '../function/routing.ts'
import type { Queue, Reclaimed } from '../queue/queue.ts'
import { createRedisContact, type RedisContact } from '../queue/redis-contact.ts'
import { MINUTE_MS, SECOND_MS } from '../time.ts'
import type { Chore } from './chores.ts'
import { createAskStore } from '../records/asks.ts'
import { createCleanupPayers } from './cleanup.ts'
import { createDebtCollector, type DebtCollector } from './debts.ts'
import { checkLatestNow, recordRemovalNow, type SweepingParts } from './sweep/sweeping.ts'
import { createVerdictPayer } from './verdicts.ts'

/** How often a run may take its worker down with it, running alone, until it is given up. */
const MAX_CRASHES = 3
const PROMOTE_AT_ONCE = 1_000
const PRUNE_AT_ONCE = 1_000
/** In one pass; more wait for the next. */
const PRUNE_MAX = 50_000

export interface Upkeep {
  readonly chores: readonly Chore[]
  /** Between this process and Redis; each call to Redis that succeeds is noted in it. */
  readonly contact: RedisContact
  readonly debts: DebtCollector
}

/** @param functionNames - whose lost runs are taken back */
export function createUpkeep(parts: SweepingParts, functionNames: readonly string[]): Upkeep {
  const { config, queue, metrics } = parts
  const { leaseMs } = config
  const contact = createRedisContact(Math.min(5 * SECOND_MS, leaseMs / 2))
  const debts = createDebts(parts)

  async function promote(): Promise<void> {
    const { nowMs } = await queue.promote(PROMOTE_AT_ONCE)
    contact.touched(nowMs)
  }

  async function reclaim(): Promise<void> {
    if (contact.forMs() < leaseMs) return
    const reclaimed = await queue.reclaim({
      leaseMs,
      maxCrashes: MAX_CRASHES,
      heardAtMs: contact.redisMs,
      heardWithinMs: contact.gapMs,
      functionNames,
    })
    for (const taken of reclaimed) report(parts, taken)
  }

  async function prune(): Promise<void> {
    metrics.janitorRemoved.inc({ what: 'runs' }, await pruneSome(queue, config))
  }

  return {
    contact,
    debts,
    chores: [
      { name: 'promote', everyMs: Math.min(SECOND_MS, leaseMs / 8), run: promote },
      { name: 'debts', everyMs: SECOND_MS, run: () => debts.payDue() },
      { name: 'reclaim', everyMs: leaseMs / 6, run: reclaim },
      { name: 'prune', everyMs: MINUTE_MS, run: prune },
    ],
  }
}

function createDebts(parts: SweepingParts): DebtCollector {
  const { config, queue, functions, storage, log } = parts
  const router = createRouter(functions)
  const asks = createAskStore(storage)
  return createDebtCollector({
    queue,
    log,
    functions,
    retentionMs: config.retentionMs,
    payers: () => ({
      ...createVerdictPayer(parts),
      ...createCleanupPayers({
        ...parts,
        router,
        asks,
        checkLatest: (bucket, key) => checkLatestNow(parts, bucket, key),
        recordRemoval: (removal) => recordRemovalNow(parts, removal),
      }),
    }),
  })
}

function report({ metrics, log }: Pick<SweepingParts, 'metrics' | 'log'>, taken: Reclaimed): void {
  const { runId: run, functionName, became, lostWorker, how } = taken
  metrics.reclaimed.inc({ function: functionName, outcome: became })
  if (became === 'dead') metrics.deadLetters.inc({ function: functionName, reason: 'crash-loop' })
  log.warn(
    { function: functionName, run, became, lostWorker, how },
    'a worker was lost: its run was taken back',
  )
}

/** One pass over old runs, except those that still owe a verdict; how many runs were forgotten. */
async function pruneSome(
  queue: Queue,
  { retentionMs, retentionRuns }: SweepingParts['config'],
): Promise<number> {
  let passed = 0
  let pruned = 0
  while (pruned < PRUNE_MAX) {
    const { forgotten, examined } = await queue.prune(retentionMs, retentionRuns, PRUNE_AT_ONCE, passed)
    pruned += forgotten
    if (examined < PRUNE_AT_ONCE) break
    passed += examined - forgotten
  }
  return pruned
}
