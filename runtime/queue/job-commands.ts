/** What Redis is asked about jobs: each may be sent twice. @module */
import type { AgainRequest } from './queue.ts'
import type { RunScript } from './scripts.ts'

export interface JobFacts extends Pick<AgainRequest, 'isForced'> {
  readonly kind: AgainRequest['trigger']
  readonly total: number
  readonly ratePerSecond?: number | undefined
  /** JSON. */
  readonly request: string
}

export function createJobCommands(script: RunScript) {
  return {
    /** Adds items to a job that has `count` of them; how many it has then. */
    fillJob: (job: string, count: number, ttlMs: number, items: readonly string[]): Promise<number> =>
      script('fill_job', [job, count, ttlMs, ...items]) as Promise<number>,

    async beginJob(job: string, facts: JobFacts): Promise<void> {
      const { kind, total, isForced, ratePerSecond = '', request } = facts
      await script('begin_job', [job, kind, total, isForced ? 1 : 0, ratePerSecond, request])
    },

    /** Ends those runs that the job has handed out and that still wait; how many it were. */
    withdraw: (job: string, runIds: readonly string[]): Promise<number> =>
      script('withdraw', [job, ...runIds]) as Promise<number>,

    /** False when the job had ended already. */
    endJob: async (job: string, status: 'done' | 'cancelled', ttlMs: number): Promise<boolean> =>
      (await script('end_job', [job, status, ttlMs])) === 1,
  }
}
