/** Runs and their attempts in JSON. @module */
import { z } from '@hono/zod-openapi'
import { manifestSourceOf } from '../../output/manifest.ts'
import { RUN_STATES, type AttemptRecord, type RunRecord } from '../../queue/run.ts'
import { time, toTime } from '../http/page.ts'
import { outputSchema } from '../results/outputs.ts'

export const runStatus = z.enum(RUN_STATES)

export const objectVersionSchema = z
  .object({
    bucket: z.string(),
    key: z.string(),
    generation: z
      .string()
      .openapi({ description: 'the version id, or `etag@milliseconds` without versioning' }),
    versionId: z.string().optional(),
    etag: z.string(),
    sizeBytes: z.int().min(0),
    lastModified: time,
  })
  .openapi('ObjectVersion')

const runShape = {
  id: z
    .string()
    .openapi({ description: '32 hex digits, computed from function, bucket, key and generation' }),
  function: z.string(),
  status: runStatus,
  trigger: z.enum(['upload', 'sweep', 'reprocess', 'redrive']),
  object: objectVersionSchema,
  attempts: z.int().min(0).openapi({ description: 'failed attempts that count' }),
  crashes: z.int().min(0).openapi({ description: 'how often it crashed its worker while it ran alone' }),
  epoch: z.int().min(0).openapi({ description: '0 for an upload; incremented by each rerun' }),
  createdAt: time,
  queuedAt: time.optional(),
  startedAt: time.optional(),
  endedAt: time.optional(),
  nextAttemptAt: time.optional().openapi({ description: 'for a run that waits for its retry' }),
  worker: z.string().optional(),
  reason: z.string().optional(),
  error: z.string().optional(),
  progress: z
    .object({
      mediaSeconds: z.number().optional(),
      percent: z.number().optional(),
      speed: z.number().optional(),
      secondsLeft: z.number().optional(),
    })
    .optional(),
}

export const runSchema = z.object(runShape).openapi('Run')

const attemptSchema = z
  .object({
    outcome: z.enum([
      'running',
      'succeeded',
      'failed',
      'dead',
      'released',
      'lost',
      'superseded',
      'source-gone',
      'cancelled',
    ]),
    epoch: z.int().min(0),
    worker: z.string(),
    startedAt: time,
    endedAt: time.optional(),
    error: z.string().optional(),
    lastLines: z.array(z.string()).openapi({ description: "the last lines of the tool's log" }),
  })
  .openapi('Attempt')

const storedObject = z.object({ bucket: z.string(), key: z.string() })

const resultsShape = {
  manifest: storedObject.optional().openapi({
    description: 'for a run that succeeded, unless the manifest was removed or replaced by a newer upload',
  }),
  outputs: z
    .array(
      z.object({
        ...outputSchema.shape,
        url: z.string().optional().openapi({
          description:
            'only with `links=true`, for the first 50: a link that lets anyone read the file for an hour',
        }),
      }),
    )
    .optional()
    .openapi({
      description:
        'at most 1,000 files of the manifest; those that players find through a playlist come last',
    }),
  outputCount: z.int().min(0).optional(),
  warnings: z.array(z.string()).optional().openapi({ description: 'the first 100 of the manifest' }),
  verdict: storedObject.optional().openapi({ description: 'for a run that ended without a result' }),
  resultsUnknown: z
    .string()
    .optional()
    .openapi({ description: 'the reason if manifest, outputs and verdict could not be looked up' }),
}

export type RunResults = z.output<z.ZodObject<typeof resultsShape>>

export const runDetailSchema = z
  .object({
    ...runShape,
    ...resultsShape,
    attemptLog: z.array(attemptSchema).openapi({ description: 'the newest attempts, oldest first' }),
    lastLines: z.array(z.string()).openapi({ description: "the tool's log at the last failure" }),
    options: z
      .record(z.string(), z.unknown())
      .optional()
      .openapi({ description: 'options of the request that asked for it' }),
    result: z.string().optional().openapi({ description: 'the answer of the handler' }),
    announcements: z.object({
      copies: z.int().openapi({ description: 'of the same event, which is announced twice' }),
      duplicates: z.int(),
    }),
  })
  .openapi('RunDetail')

export type Run = z.output<typeof runSchema>
export type RunDetail = z.output<typeof runDetailSchema>

export function toRun(run: RunRecord): Run {
  return {
    id: run.runId,
    function: run.functionName,
    status: run.state,
    trigger: run.trigger,
    object: manifestSourceOf(run.payload),
    attempts: run.attempts,
    crashes: run.crashes,
    epoch: run.epoch,
    createdAt: toTime(run.createdAtMs),
    ...(run.queuedAtMs !== undefined && { queuedAt: toTime(run.queuedAtMs) }),
    ...(run.startedAtMs !== undefined && { startedAt: toTime(run.startedAtMs) }),
    ...(run.endedAtMs !== undefined && { endedAt: toTime(run.endedAtMs) }),
    ...(run.state === 'retrying' && run.dueAtMs !== undefined && { nextAttemptAt: toTime(run.dueAtMs) }),
    ...(run.worker !== undefined && { worker: run.worker }),
    ...(run.reason !== undefined && { reason: run.reason }),
    ...(run.error !== undefined && { error: run.error }),
    ...(run.state === 'running' && run.progress !== undefined && { progress: run.progress }),
  }
}

export function toRunDetail(run: RunRecord, attempts: readonly AttemptRecord[]): RunDetail {
  return {
    ...toRun(run),
    attemptLog: attempts.map(({ startedAtMs, endedAtMs, lines, error, ...attempt }) => ({
      ...attempt,
      startedAt: toTime(startedAtMs),
      ...(endedAtMs !== undefined && { endedAt: toTime(endedAtMs) }),
      ...(error !== undefined && { error }),
      lastLines: [...lines],
    })),
    lastLines: run.lines ? run.lines.split('\n') : [],
    ...(run.payload.options && { options: run.payload.options }),
    ...(run.result !== undefined && { result: run.result }),
    announcements: { copies: run.copies, duplicates: run.dups },
  }
}
