/**
 * What keeps the queue going, whoever does it: retries that are due, runs of lost workers, owed verdicts, old runs. Workers do
 * it, and intakes too, so that a retry comes back and asks for a worker when all of them are gone. Each may be done by several
 * at once.
 * @module
 */
import type { Queue, Reclaimed } from '../queue/queue.ts'
import { MINUTE_MS, SECOND_MS } from '../time.ts'
import { createContact, type Contact } from '../worker/redis-contact.ts'
import type { Chore } from '../upkeep/chores.ts'
import { createVerdictWriter } from '../upkeep/verdicts.ts'
import type { Parts } from './parts.ts'

/** How often a run may take its worker down with it, running alone, until it is given up. */
const MAX_CRASHES = 3
const PROMOTE_AT_ONCE = 1_000
const PRUNE_AT_ONCE = 1_000
/** In one pass; more wait for the next. */
const PRUNE_MAX = 50_000

export interface Upkeep {
  readonly chores: readonly Chore[]
  /** Between this process and Redis; whoever speaks to Redis tells it. */
  readonly contact: Contact
  readonly writeVerdicts: () => Promise<void>
}

/** @param functionNames - whose lost runs are taken back */
export function createUpkeep(
  parts: Pick<Parts, 'config' | 'functions' | 'queue' | 'storage' | 'metrics' | 'log'>,
  functionNames: readonly string[],
): Upkeep {
  const { config, queue, metrics } = parts
  const { leaseMs } = config
  const contact = createContact(Math.min(5 * SECOND_MS, leaseMs / 2))
  const writeVerdicts = createVerdictWriter({ ...parts, retentionMs: config.retentionMs })

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
    for (const taken of reclaimed) tell(parts, taken)
  }

  async function prune(): Promise<void> {
    metrics.janitorRemoved.inc({ what: 'runs' }, await pruneSome(queue, config))
  }

  return {
    contact,
    writeVerdicts,
    chores: [
      { name: 'promote', everyMs: Math.min(SECOND_MS, leaseMs / 8), run: promote },
      { name: 'verdicts', everyMs: SECOND_MS, run: writeVerdicts },
      { name: 'reclaim', everyMs: leaseMs / 6, run: reclaim },
      { name: 'prune', everyMs: MINUTE_MS, run: prune },
    ],
  }
}

function tell({ metrics, log }: Pick<Parts, 'metrics' | 'log'>, taken: Reclaimed): void {
  const { runId: run, functionName, became, lostWorker, how } = taken
  metrics.reclaimed.inc({ function: functionName, outcome: became })
  if (became === 'dead') metrics.deadLetters.inc({ function: functionName, reason: 'crash-loop' })
  log.warn(
    { function: functionName, run, became, lostWorker, how },
    'a worker was lost: its run was taken back',
  )
}

/** One pass over what is old, passing over what is still owed a verdict; how many runs were forgotten. */
async function pruneSome(queue: Queue, { retentionMs, retentionRuns }: Parts['config']): Promise<number> {
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
