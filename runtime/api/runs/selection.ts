/** The runs that a request selects, by their ids or by a filter, and the reasons why others are left out. @module */
import { batchesOf } from '../../amounts.ts'
import type { History } from '../../queue/history.ts'
import type { RerunItem } from '../../queue/queue.ts'
import type { FoundRun } from '../../queue/run-filter.ts'
import type { RunState } from '../../queue/run.ts'
import { compareWithLatest } from '../../storage/latest.ts'
import type { Storage } from '../../storage/storage.ts'
import { toTimes } from '../http/page.ts'
import { RefusedError } from '../http/problem.ts'
import { resolveRunIds } from '../short-ids.ts'
import type { CancelRunsRequest, RetryRunsRequest } from './bulk-model.ts'

export interface RunSelection {
  /** The first matches, at most the request's limit. */
  readonly items: readonly RerunItem[]
  readonly matched: number
  readonly totalBytes: number
  /** Runs that are left out, counted by reason. */
  readonly passedOver: Readonly<Record<string, number>>
}

interface Candidate extends FoundRun {
  readonly state: RunState
}

export interface SelectionRule {
  /** The states that a filter selects; runs that are named by their ids are passed over with a reason instead. */
  readonly states: readonly RunState[] | undefined
  /** The reason to leave a run out; undefined to include it. */
  readonly whyNot: (run: Candidate) => string | undefined
  /** Whether it is left out unless its source is the latest version of its key. */
  readonly isAskedOfStore?: (run: Candidate) => boolean
}

interface SelectionParts {
  readonly history: History
  readonly storage: Storage
}

type Request = RetryRunsRequest | CancelRunsRequest

/** Requests to the store at a time. */
const ASKED_AT_ONCE = 16

/** @throws {RefusedError} conflict when an id is ambiguous, or the client has gone */
export async function selectRuns(
  { history, storage }: SelectionParts,
  request: Request,
  rule: SelectionRule,
  signal?: AbortSignal,
): Promise<RunSelection> {
  const items: RerunItem[] = []
  const passedOver: Record<string, number> = {}
  let [matched, totalBytes] = [0, 0]
  const passOver = (reason: string, count = 1) => {
    if (count > 0) passedOver[reason] = (passedOver[reason] ?? 0) + count
  }
  for await (const found of candidatesOf(history, request, rule, (count) => passOver('not-found', count))) {
    if (signal?.aborted)
      throw new RefusedError('conflict', 'the request was aborted: its client disconnected')
    const states = await history.states(found.map(({ runId }) => runId))
    const known = found.flatMap((run, index) => {
      const { state, epoch } = states[index] ?? {}
      return state && epoch !== undefined ? [{ ...run, state, epoch }] : []
    })
    passOver('not-found', found.length - known.length)
    const stale = await staleOf(
      { history, storage },
      known.filter((run) => rule.whyNot(run) === undefined && rule.isAskedOfStore?.(run)),
    )
    for (const run of known) {
      const reason = rule.whyNot(run) ?? stale.get(run.runId)
      if (reason !== undefined) {
        passOver(reason)
        continue
      }
      matched++
      totalBytes += run.sizeBytes
      // The epoch: a run that is run again before its turn comes is not touched.
      if (items.length < request.limit) items.push({ runId: run.runId, seenEpoch: run.epoch })
    }
  }
  return { items, matched, totalBytes, passedOver }
}

async function* candidatesOf(
  history: History,
  request: Request,
  { states }: SelectionRule,
  onUnknown: (count: number) => void,
): AsyncGenerator<readonly FoundRun[]> {
  if (!request.runs) {
    const { function: name, bucket, prefix, contains, since, until } = request
    const filter = { function: name, bucket, prefix, contains, states }
    yield* history.walkRuns({ filter, ...toTimes({ since, until }) })
    return
  }
  const unique = [...new Set(await resolveRunIds(request.runs, (digits) => history.runsBeginning(digits)))]
  let count = 0
  for await (const found of history.pickRuns(unique, {})) {
    count += found.length
    yield found
  }
  onUnknown(unique.length - count)
}

/** The reasons of those whose source is not the latest version of its key. */
async function staleOf(
  { history, storage }: SelectionParts,
  asked: readonly FoundRun[],
): Promise<ReadonlyMap<string, string>> {
  const reasons = new Map<string, string>()
  for (const some of batchesOf(asked, ASKED_AT_ONCE)) {
    const runs = await history.runs(some.map(({ runId }) => runId))
    await Promise.all(
      runs.map(async (run) => {
        if (!run) return
        const { kind } = await compareWithLatest(storage, run.payload)
        if (kind !== 'same') reasons.set(run.runId, kind === 'gone' ? 'source-gone' : 'superseded')
      }),
    )
  }
  return reasons
}
