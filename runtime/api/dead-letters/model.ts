/** Requests about many dead letters. @module */
import { z } from '@hono/zod-openapi'
import { timeQuery } from '../http/page.ts'
import { RUN_ID_HELP } from '../short-ids.ts'
import { bulkShape, MAX_JOB_ITEMS } from '../jobs/model.ts'

const deadLetterFilter = {
  runs: z
    .array(z.string().regex(/^[0-9a-f]{8,32}$/, RUN_ID_HELP))
    .min(1)
    .max(MAX_JOB_ITEMS)
    .optional()
    .openapi({
      description: 'run ids; up to 20 of them may be shortened, if no other id starts with the same digits',
    }),
  function: z.string().min(1).max(63).optional(),
  reason: z.enum(['permanent', 'exhausted', 'crash-loop']).optional(),
  bucket: z.string().min(1).max(63).optional(),
  prefix: z.string().max(1_024).optional(),
  ...timeQuery,
}

export const redriveRequest = z.strictObject({ ...deadLetterFilter, ...bulkShape }).openapi('RedriveRequest')

export const purgeRequest = z
  .strictObject({ ...deadLetterFilter, dryRun: bulkShape.dryRun, limit: bulkShape.limit })
  .openapi('PurgeRequest')

export type RedriveRequest = z.output<typeof redriveRequest>
export type PurgeRequest = z.output<typeof purgeRequest>
