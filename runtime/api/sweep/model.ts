/** The sweep, which compares the buckets with the runs: its request, its progress, its report. @module */
import { z } from '@hono/zod-openapi'
import { time } from '../http/page.ts'

export const sweepRequest = z
  .strictObject({
    kind: z.enum(['full', 'recent']).default('full').openapi({
      description:
        '`full` checks every object; `recent` only those uploaded since shortly before the last sweep started',
    }),
    dryRun: z.boolean().default(false).openapi({ description: 'preview only: nothing is healed' }),
    bucket: z.string().min(1).max(63).optional().openapi({ description: 'only this bucket' }),
    prefix: z.string().max(1_024).optional().openapi({ description: 'only keys with this prefix' }),
  })
  .openapi('SweepRequest')

const counts = z.record(z.string(), z.int())

const shape = {
  kind: z.enum(['full', 'recent']),
  bucket: z.string().optional(),
  prefix: z.string().optional(),
  objects: z.int().min(0).openapi({ description: 'keys checked' }),
  runs: z.int().min(0).openapi({
    description: 'runs whose entries in Redis were checked; 0 when limited to a bucket or prefix',
  }),
  healed: counts.openapi({
    description:
      '`lost-event`: no event for the upload was ever received, it runs now; `restored`: it is the latest version again and is run again; `stream-entry`, `delay-entry`: a run had lost its entry in Redis; `lost-delete`: results of a deleted source are removed',
    example: { 'lost-event': 2 },
  }),
  reported: counts.openapi({
    description:
      'uploads without a run that are left alone: `before-watermark` (uploaded before the function was set up; reprocess runs them; a requested pass leaves out those that have a result), `not-set-up`, `too-young` (left to their events), `event-unknown` (the function does not match all ways of uploading, and the way of this upload is unknown), `removed` (the result was removed on purpose; reprocess makes it again), `past-keeping` (older than results are kept, SLUICE_RESULTS_KEPT), `source-stays` (it has a result, but its function, which removes sources after success, has not removed it; reprocess runs it and removes it). Also: `deleted-before` (results of sources deleted before the last full pass, which kept them), `unreadable` (the store does not return the object that records the outcome of an upload), `bucket-refused` (the store does not list the bucket)',
    example: { 'before-watermark': 40 },
  }),
  left: z
    .array(
      z.object({
        reason: z.string(),
        function: z.string().optional(),
        bucket: z.string(),
        key: z.string().optional(),
      }),
    )
    .optional()
    .openapi({ description: 'the first uploads left alone: five for each reason, twenty in all' }),
  failure: z
    .string()
    .optional()
    .openapi({ description: 'the reason if not everything could be checked; the rest was' }),
}

export const sweepPassSchema = z
  .object({
    id: z.string(),
    cause: z.enum(['request', 'start', 'no-marker', 'interval', 'reconnect']).openapi({
      description:
        '`no-marker`: Redis had no record of an earlier sweep; `reconnect`: a server had been away',
    }),
    status: z.enum(['waiting', 'running', 'done', 'failed']),
    ...shape,
    startedAt: time.optional(),
    endedAt: time.optional(),
  })
  .openapi('SweepPass')

export const sweepPreviewSchema = z
  .object({
    ...shape,
    sample: z
      .array(z.object({ reason: z.string(), function: z.string(), bucket: z.string(), key: z.string() }))
      .openapi({ description: 'the first ten that would be healed' }),
  })
  .openapi('SweepPreview')

export const sweepSchema = z
  .object({
    passes: z.array(sweepPassSchema).openapi({
      description:
        'waiting passes, the one in progress, and the last ones that ended, newest first: ten that were requested and ten others; always including the last `full` and `recent` one, and a failed one unless a later one succeeded',
    }),
  })
  .openapi('Sweep')

export type SweepRequest = z.output<typeof sweepRequest>
export type SweepPass = z.output<typeof sweepPassSchema>
export type SweepPreview = z.output<typeof sweepPreviewSchema>
export type Sweep = z.output<typeof sweepSchema>
