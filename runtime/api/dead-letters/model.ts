/** Requests about many dead letters. @module */
import { z } from '@hono/zod-openapi'
import { containsQuery, time, timeQuery } from '../http/page.ts'
import { runIdsOf } from '../short-ids.ts'
import { bulkShape, MAX_JOB_ITEMS } from '../jobs/model.ts'

const kindId = z.string().regex(/^[0-9a-f]{16}$/, 'a kind of failure has an id of 16 hex digits')

const deadLetterFilter = {
  runs: runIdsOf(MAX_JOB_ITEMS).optional(),
  kind: kindId
    .optional()
    .openapi({ description: 'the id of a kind of failure (GET /v1/dead-letters/kinds)' }),
  function: z.string().min(1).max(63).optional(),
  reason: z.enum(['permanent', 'exhausted', 'crash-loop']).optional(),
  bucket: z.string().min(1).max(63).optional(),
  prefix: z.string().max(1_024).optional(),
  ...containsQuery,
  ...timeQuery,
}

export const redriveRequest = z.strictObject({ ...deadLetterFilter, ...bulkShape }).openapi('RedriveRequest')

export const purgeRequest = z
  .strictObject({ ...deadLetterFilter, dryRun: bulkShape.dryRun, limit: bulkShape.limit })
  .openapi('PurgeRequest')

export const kindSchema = z
  .object({
    id: kindId.openapi({
      description: 'computed from function, reason and pattern: it is the same tomorrow',
    }),
    function: z.string(),
    reason: z.string(),
    pattern: z.string().openapi({
      description: 'the first line of the error, with `…` for what differs from file to file',
      example: 'chunk … of … is … s long',
    }),
    example: z.string().openapi({ description: 'the error of the newest one, in full' }),
    count: z.int().min(1),
    bytes: z.int().min(0).openapi({ description: 'size of their sources' }),
    firstAt: time,
    lastAt: time,
    runs: z.array(z.string()).openapi({ description: 'the ids of all that were counted, newest first' }),
    sample: z
      .array(
        z.object({
          run: z.string(),
          bucket: z.string(),
          key: z.string(),
          sizeBytes: z.int().min(0),
          attempts: z.int().min(0),
          endedAt: time,
        }),
      )
      .openapi({ description: 'the newest five' }),
  })
  .openapi('DeadLetterKind')

export type DeadLetterKind = z.output<typeof kindSchema>
export type RedriveRequest = z.output<typeof redriveRequest>
export type PurgeRequest = z.output<typeof purgeRequest>
