/**
 * Keeps the asks (`records/asks.ts`): the ones that Redis has lost before their end are made jobs again, the ones that are done are removed.
 * @module
 */
import { batchesOf } from '../../amounts.ts'
import type { FunctionDefinition } from '../../function/definition.ts'
import { readRecordedOutcome } from '../../output/recorded-outcome.ts'
import type { History } from '../../queue/history.ts'
import type { JobStore } from '../../queue/jobs.ts'
import { isOpen } from '../../queue/run.ts'
import type { Ask, AskedItem, AskStore } from '../../records/asks.ts'
import type { Storage } from '../../storage/storage.ts'

export interface AskParts {
  readonly asks: AskStore
  readonly jobs: Pick<JobStore, 'get' | 'create'>
  readonly history: Pick<History, 'states'>
  readonly storage: Storage
  readonly functions: readonly FunctionDefinition[]
  /** A younger record may be that of a request which is not acknowledged yet. */
  readonly graceMs: number
}

export interface KeptAsks {
  /** Runs that Redis had lost, by their job. */
  readonly restored: ReadonlyMap<string, number>
  readonly removed: number
  /** Keys of malformed records. */
  readonly unreadable: readonly string[]
}

/** Run ids that Redis is asked about at a time. */
const AT_ONCE = 500

export async function keepAsks(parts: AskParts, nowMs: number): Promise<KeptAsks> {
  const { asks, jobs, graceMs } = parts
  const restored = new Map<string, number>()
  const lost = new Map<string, { readonly ask: Ask; readonly items: AskedItem[] }>()
  const unreadable: string[] = []
  let removed = 0
  for await (const ask of asks.list((key) => unreadable.push(key))) {
    if (nowMs - ask.lastModifiedMs < graceMs) continue
    const job = await jobs.get(ask.job)
    // Its runs are being added.
    if (job?.status === 'running') continue
    const { open, missing } = await unfinished(parts, ask, job !== undefined)
    if (missing.length > 0) {
      const before = lost.get(ask.job)
      if (before) before.items.push(...missing)
      else lost.set(ask.job, { ask, items: [...missing] })
    } else if (open === 0) {
      await asks.remove(ask)
      removed++
    }
  }
  for (const [id, { ask, items }] of lost) {
    const { isForced, ratePerSecond, request } = ask
    await jobs.create({ kind: 'reprocess', isForced, ratePerSecond, request, items }, id)
    restored.set(id, items.length)
  }
  return { restored, removed, unreadable }
}

/**
 * @param isJobKnown - then every run has been added or passed over, and one that is not in progress has ended
 */
async function unfinished(parts: AskParts, ask: Ask, isJobKnown: boolean) {
  let open = 0
  const missing: AskedItem[] = []
  for (const items of batchesOf(ask.items, AT_ONCE)) {
    const states = await parts.history.states(items.map(({ runId }) => runId))
    for (const [index, item] of items.entries()) {
      const found = states[index]
      if (found && isOpen(found.state)) open++
      else if (isJobKnown || Number(found?.epoch ?? -1) >= ask.askedAtMs) continue
      else if (!(await hasEnded(parts, item, ask.askedAtMs))) missing.push(item)
    }
  }
  return { open, missing }
}

/** Whether the buckets have how the run that was asked for ended. A function that is unknown here is another machine's to judge. */
async function hasEnded(
  { storage, functions }: AskParts,
  { functionName, runId, payload }: AskedItem,
  askedAtMs: number,
): Promise<boolean> {
  const definition = functions.find(({ name }) => name === functionName)
  if (!definition) return true
  const { result, verdict } = await readRecordedOutcome(storage, definition, payload)
  if (result?.run === runId && result.epoch >= askedAtMs) return true
  // A removal that nobody remembers the run of has no epoch.
  return verdict?.run === runId && (verdict.epoch >= askedAtMs || Date.parse(verdict.at) >= askedAtMs)
}
