/** What the queries of lists have in common, and what their answers have. @module */
import { z } from '@hono/zod-openapi'
import { RefusedError } from './problem.ts'

/** Of lists of runs: whose, and of which objects. */
export const objectQuery = {
  function: z.string().min(1).max(63).optional(),
  bucket: z.string().min(1).max(63).optional(),
  prefix: z.string().max(1_024).optional().openapi({ description: 'of the key' }),
}

/** RFC 3339 as the services have it: epoch ms. */
export function toTimes({
  since,
  until,
}: Readonly<Record<'since' | 'until', string | undefined>>): Readonly<
  Record<'sinceMs' | 'untilMs', number | undefined>
> {
  const toMs = (text: string | undefined) => (text === undefined ? undefined : Date.parse(text))
  return { sinceMs: toMs(since), untilMs: toMs(until) }
}

/** @throws {RefusedError} not-found of what is not there */
export function found<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new RefusedError('not-found', `there is no ${what}`)
  return value
}

/** Of routes that take none: a filter that was written into the address must not be passed over. */
export const noQuery = z.strictObject({})
