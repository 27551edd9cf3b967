/** Commands about jobs and their runs; `jobs.ts` keeps their records. @module */
import type { RunState } from './run.ts'
import type { RunScript } from './scripts.ts'

export interface JobFacts {
  /** As in the job's record (`jobs.ts`). */
  readonly kind: string
  readonly isForced: boolean
  readonly total: number
  readonly ratePerSecond?: number | undefined
  /** JSON. */
  readonly request: string
}

/** One step of a job that cancels runs. */
export interface CancelStep {
  readonly step: { readonly job: string; readonly position: number }
  readonly items: readonly { readonly runId: string; readonly seenEpoch?: string | undefined }[]
}

export function createJobCommands(script: RunScript) {
  return {
    /** Adds items to a job that has `count` of them; returns how many it has then. */
    fillJob: (job: string, count: number, ttlMs: number, items: readonly string[]): Promise<number> =>
      script('fill_job', [job, count, ttlMs, ...items]) as Promise<number>,

    async beginJob(job: string, facts: JobFacts): Promise<void> {
      const { kind, total, isForced, ratePerSecond = '', request } = facts
      await script('begin_job', [job, kind, total, isForced ? 1 : 0, ratePerSecond, request])
    },

    /** The state that follows for each, '' where it was run again meanwhile; undefined when the job has ended or is past `step`. */
    async cancelRuns({ step, items }: CancelStep): Promise<readonly (RunState | '')[] | undefined> {
      const args = items.flatMap(({ runId, seenEpoch = '' }) => [runId, seenEpoch])
      const reply = await script('cancel_runs', [step.job, step.position, ...args])
      const [done, states] = reply as [number, (RunState | '')[]?]
      return done === 1 ? states : undefined
    },

    /** Ends the runs that the job has handed out and that still wait; returns how many. */
    withdraw: (job: string, runIds: readonly string[]): Promise<number> =>
      script('withdraw', [job, ...runIds]) as Promise<number>,

    /** False when the job had ended before. */
    endJob: async (job: string, status: 'done' | 'cancelled', ttlMs: number): Promise<boolean> =>
      (await script('end_job', [job, status, ttlMs])) === 1,
  }
}
