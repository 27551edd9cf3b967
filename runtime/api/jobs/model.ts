/** Work on many runs at once: its request, its preview, its progress. @module */
import { z } from '@hono/zod-openapi'
import { time, timeQuery } from '../http/page.ts'
import { runStatus } from '../runs/model.ts'

export const MAX_JOB_ITEMS = 100_000

/** Of metadata, which says the same, S3 takes 2 KiB. */
const MAX_OPTIONS_LENGTH = 8_192

const bulk = {
  dryRun: z.boolean().default(false).openapi({ description: 'only say what would be done' }),
  limit: z.int().min(1).max(MAX_JOB_ITEMS).default(1_000).openapi({
    description: 'more than this is an error that names the count, never a silent cut',
  }),
  ratePerSecond: z
    .number()
    .min(0.01)
    .max(10_000)
    .optional()
    .openapi({ description: 'runs handed out per second' }),
}

export const reprocessRequest = z
  .strictObject({
    bucket: z.string().min(1).max(63).default('incoming'),
    keys: z.array(z.string().min(1).max(1_024)).min(1).max(MAX_JOB_ITEMS).optional(),
    prefix: z.string().max(1_024).optional().openapi({ description: 'empty for the whole bucket' }),
    function: z
      .string()
      .min(1)
      .max(63)
      .optional()
      .openapi({ description: 'only this one; else every function that matches' }),
    status: z.enum(['any', 'failed', 'missing', 'outdated']).default('any').openapi({
      description:
        '`failed`: ended without a result; `missing`: neither a result nor a run in progress nor a recorded end, or its result was removed; `outdated`: the result is of another version of the function',
    }),
    uploadedAfter: z.iso.datetime({ offset: true }).optional(),
    uploadedBefore: z.iso.datetime({ offset: true }).optional(),
    options: z
      .record(z.string(), z.unknown())
      .refine((options) => JSON.stringify(options).length <= MAX_OPTIONS_LENGTH, {
        message: `at most ${MAX_OPTIONS_LENGTH} characters of JSON: each run keeps a copy`,
      })
      .optional()
      .openapi({ description: 'outrank all others' }),
    force: z
      .boolean()
      .default(false)
      .openapi({ description: 'also what is queued or running: it begins anew' }),
    ...bulk,
  })
  .refine(({ keys, prefix }) => (keys === undefined) !== (prefix === undefined), {
    message: 'give either keys or prefix',
    path: ['keys'],
  })
  .openapi('ReprocessRequest', { oneOf: [{ required: ['keys'] }, { required: ['prefix'] }] })

export const RUN_ID_WORDS = 'a run is 32 hex digits, of which at least the first 8 are needed'

const deadLetterFilter = {
  runs: z
    .array(z.string().regex(/^[0-9a-f]{8,32}$/, RUN_ID_WORDS))
    .min(1)
    .max(MAX_JOB_ITEMS)
    .optional()
    .openapi({ description: 'ids; up to 20 of them may be shortened to a beginning that no other id has' }),
  function: z.string().min(1).max(63).optional(),
  reason: z.enum(['permanent', 'exhausted', 'crash-loop']).optional(),
  bucket: z.string().min(1).max(63).optional(),
  prefix: z.string().max(1_024).optional(),
  ...timeQuery,
}

export const redriveRequest = z.strictObject({ ...deadLetterFilter, ...bulk }).openapi('RedriveRequest')

export const purgeRequest = z
  .strictObject({ ...deadLetterFilter, dryRun: bulk.dryRun, limit: bulk.limit })
  .openapi('PurgeRequest')

export const previewSchema = z
  .object({
    matched: z.int().min(0).openapi({ description: 'runs that would be handed out' }),
    totalBytes: z.int().min(0).openapi({ description: 'of their sources' }),
    sample: z
      .array(
        z.object({ function: z.string(), bucket: z.string(), key: z.string(), sizeBytes: z.int().min(0) }),
      )
      .openapi({ description: 'the first ten' }),
    passedOver: z.record(z.string(), z.int()).openapi({
      description: 'objects that are left out, counted by reason',
      example: { pattern: 3, busy: 1 },
    }),
  })
  .openapi('Preview')

export const jobSchema = z
  .object({
    id: z.string(),
    kind: z.enum(['reprocess', 'redrive']),
    status: z.enum(['running', 'done', 'cancelled']),
    total: z.int().min(0).openapi({ description: 'runs to hand out' }),
    handedOut: z.int().min(0),
    passedOver: z
      .int()
      .min(0)
      .openapi({ description: 'had gone on by themselves by the time it was their turn' }),
    ratePerSecond: z.number().optional(),
    request: z.record(z.string(), z.unknown()).openapi({
      description:
        'as it was asked for; of more than 20 `keys` or `runs` the first 20, and `keyCount` or `runCount`',
    }),
    createdAt: time,
    endedAt: time
      .optional()
      .openapi({ description: 'when the last run was handed out, or the job was cancelled' }),
    runs: z
      .record(z.string(), z.int())
      .optional()
      .openapi({
        description: 'what became of the runs, counted by status; only of jobs with up to 10,000 runs',
        example: { succeeded: 40, running: 2 },
      }),
    percent: z
      .number()
      .min(0)
      .max(100)
      .optional()
      .openapi({ description: 'how far all runs together are, where `runs` is given' }),
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
      .openapi({ description: 'up to 20 runs that ended dead or cancelled, where `runs` is given' }),
  })
  .openapi('Job')

export type ReprocessRequest = z.output<typeof reprocessRequest>
export type RedriveRequest = z.output<typeof redriveRequest>
export type PurgeRequest = z.output<typeof purgeRequest>
export type Preview = z.output<typeof previewSchema>
export type Job = z.output<typeof jobSchema>
