/** The sweep: the comparison of the buckets with the runs. Its request, its progress, its report. @module */
import { z } from '@hono/zod-openapi'
import { time } from '../http/page.ts'

export const sweepRequest = z
  .strictObject({
    kind: z.enum(['full', 'recent']).default('full').openapi({
      description:
        '`full` looks at every object; `recent` at those that came since shortly before the last one began',
    }),
    dryRun: z.boolean().default(false).openapi({ description: 'only say what would be healed' }),
    bucket: z.string().min(1).max(63).optional().openapi({ description: 'only this one' }),
    prefix: z.string().max(1_024).optional().openapi({ description: 'only keys that begin so' }),
  })
  .openapi('SweepRequest')

const counts = z.record(z.string(), z.int())

const shape = {
  kind: z.enum(['full', 'recent']),
  bucket: z.string().optional(),
  prefix: z.string().optional(),
  objects: z.int().min(0).openapi({ description: 'keys that were looked at' }),
  runs: z
    .int()
    .min(0)
    .openapi({ description: 'runs of which the place in Redis was looked at; none when it is about a part' }),
  healed: counts.openapi({
    description:
      '`lost-event`: nobody ever heard of the upload, it is run now; `restored`: it is the latest version once more and is run again; `stream-entry`, `delay-entry`: a run had lost its place in Redis; `lost-delete`: results of a deleted source are removed',
    example: { 'lost-event': 2 },
  }),
  reported: counts.openapi({
    description:
      'uploads without a run that are left alone: `before-watermark` (there before the function was set up; reprocess runs them; a pass that was asked for leaves out those that have a result), `not-set-up`, `too-young` (left to their events), `event-unknown` (the function is not for all ways of uploading, and which one it was is not known), `removed` (the result was there and was removed on purpose; reprocess makes it again), `past-keeping` (older than results are kept, SLUICE_RESULTS_KEPT), `source-stays` (it has a result, and its function, which removes sources after success, has not removed it; reprocess runs and removes it). And: `deleted-before` (results of sources that were deleted before the last full pass, which let them stand), `unreadable` (the store does not give what would tell the end of an upload), `bucket-refused` (a bucket that the store does not list)',
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
    .openapi({ description: 'the first that are left alone: five of each reason, twenty in all' }),
  failure: z
    .string()
    .optional()
    .openapi({ description: 'why it could not look at everything; what it could look at is seen to' }),
}

export const sweepPassSchema = z
  .object({
    id: z.string(),
    cause: z.enum(['request', 'start', 'no-marker', 'interval', 'reconnect']).openapi({
      description: '`no-marker`: Redis knew of none before; `reconnect`: a server had been away',
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
        'those that wait, the one that goes on, and the ones that ended last, the newest first: ten that somebody asked for, ten others; and always the last `full` and `recent` one, and one that has failed when none has done better since',
    }),
  })
  .openapi('Sweep')

export type SweepRequest = z.output<typeof sweepRequest>
export type SweepPass = z.output<typeof sweepPassSchema>
export type SweepPreview = z.output<typeof sweepPreviewSchema>
export type Sweep = z.output<typeof sweepSchema>
