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
import { isPermanent } from './examine.ts'

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
  /** Keys of records that cannot be judged, with the reasons. */
  readonly unreadable: ReadonlyMap<string, string>
}

/** Run ids that Redis is asked about at a time, */
const AT_ONCE = 500
/** and places of results that are read. */
const READ_AT_ONCE = 16

export async function keepAsks(parts: AskParts, nowMs: number): Promise<KeptAsks> {
  const { asks, jobs } = parts
  const restored = new Map<string, number>()
  const lost = new Map<string, { readonly ask: Ask; readonly items: AskedItem[] }>()
  /** Jobs with a record that was just written: others may follow, and a job begins with all of them. */
  const unfinished = new Set<string>()
  const unreadable = new Map<string, string>()
  let removed = 0
  for await (const ask of asks.list((key) => unreadable.set(key, 'it is not the record of a request'))) {
    if (nowMs - ask.lastModifiedMs < parts.graceMs) {
      unfinished.add(ask.job)
      continue
    }
    try {
      const { isDone, missing } = await judge(parts, ask)
      const before = lost.get(ask.job)
      if (before) before.items.push(...missing)
      else if (missing.length > 0) lost.set(ask.job, { ask, items: [...missing] })
      if (!isDone) continue
      await asks.remove(ask)
      removed++
    } catch (error) {
      // Other requests are not affected.
      if (!isPermanent(error)) throw error
      unreadable.set(ask.key, error.message)
      unfinished.add(ask.job)
    }
  }
  for (const [id, { ask, items }] of lost) {
    if (unfinished.has(id)) continue
    const { isForced, ratePerSecond, request, askedAtMs } = ask
    // An upload or the sweep may open one of the runs until it is this one's turn.
    const fresh = items.map((item) => ({ ...item, staleBeforeEpoch: askedAtMs }))
    await jobs.create({ kind: 'reprocess', isForced, ratePerSecond, request, items: fresh }, id)
    restored.set(id, items.length)
  }
  return { restored, removed, unreadable }
}

/** The findings that are new, or differ from those of the time before: nobody reads a line that comes each minute. Pure. */
export function untold(
  found: KeptAsks['unreadable'],
  before: KeptAsks['unreadable'],
): readonly (readonly [key: string, reason: string])[] {
  return [...found].filter(([key, reason]) => before.get(key) !== reason)
}

interface Judgement {
  readonly isDone: boolean
  readonly missing: readonly AskedItem[]
}

const LEFT_ALONE: Judgement = { isDone: false, missing: [] }

async function judge(parts: AskParts, ask: Ask): Promise<Judgement> {
  const job = await parts.jobs.get(ask.job)
  // Its runs are being added.
  if (job?.status === 'running') return LEFT_ALONE
  // Else the loss of Redis would bring back what was cancelled.
  if (job?.status === 'cancelled') return { isDone: true, missing: [] }
  let isOneOpen = false
  const missing: AskedItem[] = []
  for (const items of batchesOf(ask.items, AT_ONCE)) {
    const states = await parts.history.states(items.map(({ runId }) => runId))
    const doubtful: AskedItem[] = []
    for (const [index, item] of items.entries()) {
      const found = states[index]
      const isFromBefore = Number(found?.epoch ?? -1) < ask.askedAtMs
      if (found && isOpen(found.state)) {
        isOneOpen = true
        // The bucket's truth was admitted before the request came back: that run has not the request's options.
        if (!job && isFromBefore) missing.push(item)
        // The job is known: every run has been added or passed over, and one that is not in progress has ended.
      } else if (!job && isFromBefore) doubtful.push(item)
    }
    for (const some of batchesOf(doubtful, READ_AT_ONCE)) {
      const haveEnded = await Promise.all(some.map((item) => hasEnded(parts, item, ask.askedAtMs)))
      missing.push(...some.filter((_item, index) => !haveEnded[index]))
    }
  }
  // Redis may have been emptied since it was asked about the job.
  const isStillKnown = !job || (await parts.jobs.get(ask.job)) !== undefined
  return { isDone: !isOneOpen && missing.length === 0 && isStillKnown, missing }
}

/** Whether the buckets have how the run that was asked for ended. */
async function hasEnded(
  { storage, functions }: AskParts,
  { functionName, runId, payload }: AskedItem,
  askedAtMs: number,
): Promise<boolean> {
  const definition = functions.find(({ name }) => name === functionName)
  // Another machine may serve it: rather twice than never.
  if (!definition) return false
  const { result, verdict } = await readRecordedOutcome(storage, definition, payload)
  if (result?.run === runId && result.epoch >= askedAtMs) return true
  // A removal that nobody remembers the run of has no epoch.
  return verdict?.run === runId && (verdict.epoch >= askedAtMs || Date.parse(verdict.at) >= askedAtMs)
}
