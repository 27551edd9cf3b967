/** Many runs at once: run again, or cancelled. Each is a preview, or a job. @module */
import type { FunctionDefinition } from '../../function/definition.ts'
import type { History } from '../../queue/history.ts'
import type { JobStore } from '../../queue/jobs.ts'
import { isOpen, OPEN_STATES, type RunState } from '../../queue/run.ts'
import type { Storage } from '../../storage/storage.ts'
import { abridged, overLimit, previewOf, SAMPLE } from '../jobs/bulk.ts'
import { toJob, type Job, type Preview } from '../jobs/model.ts'
import type { CancelRunsRequest, RetryRunsRequest } from './bulk-model.ts'
import { selectRuns, type RunSelection, type SelectionRule } from './selection.ts'

export interface RunBulkService {
  /**
   * Runs again what ended without a result; with `force` all that the request selects. A filter without `status` selects dead and
   * cancelled runs.
   *
   * @param signal - aborted when its client has gone
   * @throws {RefusedError} over the limit, or when an id is ambiguous
   */
  retry(request: RetryRunsRequest, signal?: AbortSignal): Promise<Preview | Job>
  /** Cancels waiting runs, and asks the workers of running ones to stop. @throws {RefusedError} as for `retry` */
  cancel(request: CancelRunsRequest, signal?: AbortSignal): Promise<Preview | Job>
}

export interface RunBulkParts {
  readonly history: History
  readonly jobs: JobStore
  readonly storage: Storage
  readonly functions: readonly FunctionDefinition[]
  readonly onJob: () => void
}

/** The states that a filter selects when it names none; a run that is superseded, or whose source is gone, would only end so again. */
const FAILED: readonly RunState[] = ['dead', 'cancelled']

export function createRunBulkService(parts: RunBulkParts): RunBulkService {
  const { history, jobs } = parts

  async function answer(
    kind: 'retry' | 'cancel',
    request: RetryRunsRequest | CancelRunsRequest,
    { items, matched, totalBytes, passedOver }: RunSelection,
  ): Promise<Preview | Job> {
    if (matched > request.limit) throw overLimit(matched, request.limit)
    if (request.dryRun) {
      const first = await history.runs(items.slice(0, SAMPLE).map(({ runId }) => runId))
      return previewOf(
        first.filter((run) => run !== undefined),
        { matched, totalBytes, passedOver },
      )
    }
    const job = await jobs.create({
      kind,
      isForced: 'force' in request && request.force,
      request: abridged(request),
      ratePerSecond: 'ratePerSecond' in request ? request.ratePerSecond : undefined,
      items,
    })
    parts.onJob()
    return toJob(job)
  }

  return {
    async retry(request, signal) {
      const selected = await selectRuns(parts, request, retryRule(parts.functions, request), signal)
      return answer('retry', request, selected)
    },
    async cancel(request, signal) {
      const rule: SelectionRule = {
        states: request.status ?? OPEN_STATES,
        whyNot: ({ state }) => (isOpen(state) ? undefined : state),
      }
      return answer('cancel', request, await selectRuns(parts, request, rule, signal))
    },
  }
}

function retryRule(
  functions: readonly FunctionDefinition[],
  { force, status }: RetryRunsRequest,
): SelectionRule {
  const served = new Set(functions.map(({ name }) => name))
  return {
    states: status ?? (force ? undefined : FAILED),
    whyNot({ functionName, state }) {
      // A run of a function that is not served would wait for ever.
      if (!served.has(functionName)) return 'not-served'
      if (force || !(isOpen(state) || state === 'succeeded')) return undefined
      return isOpen(state) ? 'busy' : state
    },
    // These ended because of another version or a removal: whether that is still so, only the store knows.
    isAskedOfStore: ({ state }) => state === 'superseded' || state === 'source-gone',
  }
}
