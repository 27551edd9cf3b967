/** Work on many runs at once: its preview and its progress. @module */
import { z } from '@hono/zod-openapi'
import { time, toTime } from '../http/page.ts'
import type { CountedRuns } from '../../queue/history.ts'
import { JOB_KINDS, type JobRecord } from '../../queue/jobs.ts'
import { OPEN_STATES, type RunRecord } from '../../queue/run.ts'
import { runStatus } from '../runs/model.ts'

export const MAX_JOB_ITEMS = 100_000

/** Fields of every request about many runs. */
export const bulkShape = {
  dryRun: z.boolean().default(false).openapi({ description: 'preview only: nothing is changed' }),
  limit: z.int().min(1).max(MAX_JOB_ITEMS).default(1_000).openapi({
    description: 'if more runs match, the request fails with their number; it is never cut silently',
  }),
  ratePerSecond: z
    .number()
    .min(0.01)
    .max(10_000)
    .optional()
    .openapi({ description: 'runs added to the queue per second' }),
}

export const previewSchema = z
  .object({
    matched: z.int().min(0).openapi({ description: 'runs that would be added to the queue, or cancelled' }),
    totalBytes: z.int().min(0).openapi({ description: 'size of their sources' }),
    sample: z
      .array(
        z.object({ function: z.string(), bucket: z.string(), key: z.string(), sizeBytes: z.int().min(0) }),
      )
      .openapi({ description: 'the first ten' }),
    passedOver: z.record(z.string(), z.int()).openapi({
      description: 'objects or runs left out, counted by reason',
      example: { pattern: 3, busy: 1 },
    }),
  })
  .openapi('Preview')

export const jobSchema = z
  .object({
    id: z.string(),
    kind: z.enum(JOB_KINDS),
    status: z.enum(['running', 'done', 'cancelled']),
    total: z.int().min(0).openapi({ description: 'runs to add to the queue, or to cancel' }),
    handedOut: z.int().min(0).openapi({
      description: 'runs added to the queue so far; of a job that cancels, those cancelled or asked to stop',
    }),
    passedOver: z
      .int()
      .min(0)
      .openapi({ description: 'runs left out, as their state had changed by the time it was their turn' }),
    ratePerSecond: z.number().optional(),
    request: z.record(z.string(), z.unknown()).openapi({
      description:
        'the request; of more than 20 `keys` or `runs` only the first 20, with `keyCount` or `runCount`',
    }),
    createdAt: time,
    endedAt: time
      .optional()
      .openapi({ description: 'when the last run was added to the queue, or the job was cancelled' }),
    runs: z
      .record(z.string(), z.int())
      .optional()
      .openapi({
        description: 'its runs, counted by status; only for jobs of up to 10,000 runs',
        example: { succeeded: 40, running: 2 },
      }),
    percent: z
      .number()
      .min(0)
      .max(100)
      .optional()
      .openapi({ description: 'the progress of all its runs together; only with `runs`' }),
    failures: z
      .array(
        z.object({
          run: z.string(),
          function: z.string(),
          bucket: z.string(),
          key: z.string(),
          status: runStatus,
          reason: z.string().optional(),
        }),
      )
      .optional()
      .openapi({
        description:
          'up to 20 runs that ended dead or cancelled; only with `runs`, and not of a job that cancels',
      }),
  })
  .openapi('Job')

export type Preview = z.output<typeof previewSchema>
export type Job = z.output<typeof jobSchema>

export function toJob(job: JobRecord, outcome?: JobOutcome): Job {
  const { id, kind, status, total, handedOut, passedOver, ratePerSecond } = job
  return {
    id,
    kind,
    status,
    total,
    handedOut,
    passedOver,
    ...(ratePerSecond !== undefined && { ratePerSecond }),
    request: { ...job.request },
    createdAt: toTime(job.createdAtMs),
    ...(job.endedAtMs !== undefined && { endedAt: toTime(job.endedAtMs) }),
    ...outcome,
  }
}

/** The outcome of its runs: their number by state, their progress, and those that failed. */
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
