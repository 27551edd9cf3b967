/** Query parameters that several lists share. @module */
import { z } from '@hono/zod-openapi'
import { RefusedError } from './problem.ts'

/** Filters of lists of runs, by function and object. */
export const objectQuery = {
  function: z.string().min(1).max(63).optional(),
  bucket: z.string().min(1).max(63).optional(),
  prefix: z.string().max(1_024).optional().openapi({ description: 'of the key' }),
}

/** RFC 3339 to epoch ms, the form that services take. */
export function toTimes({
  since,
  until,
}: Readonly<Record<'since' | 'until', string | undefined>>): Readonly<
  Record<'sinceMs' | 'untilMs', number | undefined>
> {
  const toMs = (text: string | undefined) => (text === undefined ? undefined : Date.parse(text))
  return { sinceMs: toMs(since), untilMs: toMs(until) }
}

/** @throws {RefusedError} not-found when there is no value */
export function found<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new RefusedError('not-found', `there is no ${what}`)
  return value
}

/** For routes without a query: a filter written into the address must not be ignored. */
export const noQuery = z.strictObject({})
