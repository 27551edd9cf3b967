/** The outcome of a job's runs: their number by state, their progress, and those that failed. Pure. @module */
import type { Job } from './model.ts'
import type { CountedRuns } from '../../queue/history.ts'
import { OPEN_STATES, type RunRecord } from '../../queue/run.ts'

export interface JobOutcome {
  readonly runs: Record<string, number>
  readonly percent: number
  readonly failures: NonNullable<Job['failures']>
}

/** Failures that are named; further ones are only counted. */
export const NAMED_FAILURES = 20

/**
 * @param total - of the job's runs, including those not in the queue yet
 * @param failed - undefined for a run that was forgotten just now
 */
export function outcomeOfRuns(
  total: number,
  { states, percentOfRunning }: Pick<CountedRuns, 'states' | 'percentOfRunning'>,
  failed: readonly (RunRecord | undefined)[],
): JobOutcome {
  const isOpen = (state: string) => OPEN_STATES.some((open) => open === state)
  const ended = Object.entries(states).reduce((sum, [state, count]) => sum + (isOpen(state) ? 0 : count), 0)
  const done = ended + percentOfRunning / 100
  return {
    runs: { ...states },
    percent: total === 0 ? 100 : Math.floor((done / total) * 1_000) / 10,
    failures: failed.filter((run) => run !== undefined).map(failureOf),
  }
}

function failureOf(run: RunRecord): JobOutcome['failures'][number] {
  const reason = run.error || run.reason
  return {
    run: run.runId,
    function: run.functionName,
    bucket: run.payload.bucket,
    key: run.payload.key,
    status: run.state,
    ...(reason && { reason }),
  }
}
