/** Requests about many runs: run again, or cancelled. @module */
import { z } from '@hono/zod-openapi'
import { bulkShape, MAX_JOB_ITEMS } from '../jobs/model.ts'
import { containsQuery, timeQuery } from '../http/page.ts'
import { runIdsOf } from '../short-ids.ts'
import { runStatus } from './model.ts'

const filter = {
  function: z.string().min(1).max(63).optional(),
  status: z.array(runStatus).min(1).max(runStatus.options.length).optional(),
  bucket: z.string().min(1).max(63).optional(),
  prefix: z.string().max(1_024).optional().openapi({ description: 'of the key; empty for all runs' }),
  ...containsQuery,
  ...timeQuery,
}
const selection = { runs: runIdsOf(MAX_JOB_ITEMS).optional(), ...filter }

const FILTERS = Object.keys(filter) as (keyof typeof filter)[]

/** A filter that was lost on its way must not select every run. */
const NAMED = {
  message: `give either runs or a filter: ${FILTERS.join(', ')} ("prefix": "" selects all)`,
  path: ['runs'],
}
function isNamed(request: Readonly<Partial<Record<keyof typeof selection, unknown>>>): boolean {
  const isFiltered = FILTERS.some((name) => request[name] !== undefined)
  return (request.runs !== undefined) !== isFiltered
}

const EITHER = {
  oneOf: [{ required: ['runs'] }, { anyOf: FILTERS.map((name) => ({ required: [name] })) }],
}

export const retryRunsRequest = z
  .strictObject({
    ...selection,
    force: z.boolean().default(false).openapi({
      description: 'include runs that are waiting, running or have succeeded; they restart',
    }),
    ...bulkShape,
  })
  .refine(isNamed, NAMED)
  .openapi('RetryRunsRequest', EITHER)

export const cancelRunsRequest = z
  .strictObject({ ...selection, dryRun: bulkShape.dryRun, limit: bulkShape.limit })
  .refine(isNamed, NAMED)
  .openapi('CancelRunsRequest', EITHER)

export type RetryRunsRequest = z.output<typeof retryRunsRequest>
export type CancelRunsRequest = z.output<typeof cancelRunsRequest>
