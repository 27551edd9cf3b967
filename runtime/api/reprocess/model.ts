/** A request to run objects again. @module */
import { z } from '@hono/zod-openapi'
import { bulkShape, MAX_JOB_ITEMS } from '../jobs/model.ts'

/** Metadata, which can carry the same options, is limited to 2 KiB by S3. */
const MAX_OPTIONS_LENGTH = 8_192

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
      .openapi({ description: 'only this one; by default every function that matches' }),
    status: z.enum(['any', 'failed', 'missing', 'outdated']).default('any').openapi({
      description:
        '`failed`: ended without a result; `missing`: no result, no run in progress and no recorded end, or the result was removed; `outdated`: the result was made by another version of the function',
    }),
    uploadedAfter: z.iso.datetime({ offset: true }).optional(),
    uploadedBefore: z.iso.datetime({ offset: true }).optional(),
    options: z
      .record(z.string(), z.unknown())
      .refine((options) => JSON.stringify(options).length <= MAX_OPTIONS_LENGTH, {
        message: `at most ${MAX_OPTIONS_LENGTH} characters of JSON: each run keeps a copy`,
      })
      .optional()
      .openapi({ description: 'take precedence over all others' }),
    force: z
      .boolean()
      .default(false)
      .openapi({ description: 'include runs that are queued or running; they restart' }),
    ...bulkShape,
  })
  .refine(({ keys, prefix }) => (keys === undefined) !== (prefix === undefined), {
    message: 'give either keys or prefix',
    path: ['keys'],
  })
  .openapi('ReprocessRequest', { oneOf: [{ required: ['keys'] }, { required: ['prefix'] }] })

export type ReprocessRequest = z.output<typeof reprocessRequest>
