/** Lists in pages: `{"items":[…],"nextCursor":"…"}`, the last page with `null`; and the query parameters that several lists share. @module */
import { parseJson } from '../../json.ts'
import { z } from '@hono/zod-openapi'
import { RefusedError } from './problem.ts'

const MAX_LIMIT = 1_000

export interface Page<T> {
  readonly items: readonly T[]
  readonly nextCursor: string | null
}

export interface PageRequest {
  readonly limit: number
  /** `nextCursor` of the previous page. Any other text is a RefusedError. */
  readonly cursor?: string | undefined
}

export const pageQuery = {
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(MAX_LIMIT)
    .default(50)
    .openapi({ description: 'maximum number of items' }),
  cursor: z.string().max(200).optional().openapi({ description: '`nextCursor` of the previous page' }),
}

export const timeQuery = {
  since: z.iso.datetime({ offset: true }).optional().openapi({ description: 'not older than this' }),
  until: z.iso.datetime({ offset: true }).optional().openapi({ description: 'older than this' }),
}

/** A filter by a part of the key. */
export const containsQuery = {
  contains: z.string().min(1).max(1_024).optional().openapi({
    description: 'a part of the key; upper and lower case of A to Z are the same',
  }),
}

export function pageOf<T extends z.ZodType>(item: T) {
  return z.object({
    items: z.array(item),
    nextCursor: z.string().nullable().openapi({
      description:
        '`cursor` for the next page, null on the last one; a page with fewer items than its limit may have a successor',
    }),
  })
}

/** RFC 3339 in UTC with milliseconds, the form of all times in JSON. */
export const time = z.iso.datetime()

export function toTime(epochMs: number): string {
  return new Date(epochMs).toISOString()
}

/** A page as a route answers it: JSON's types have no readonly lists. */
export function toPage<T>({ items, nextCursor }: Page<T>): { items: T[]; nextCursor: string | null } {
  return { items: [...items], nextCursor }
}

export function toCursor(parts: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify(parts)).toString('base64url')
}

/**
 * The parts of a cursor that {@link toCursor} made.
 *
 * @throws {RefusedError} impossible when `isValid` does not know it
 */
export function fromCursor<T>(
  cursor: string | undefined,
  isValid: (parts: unknown) => parts is T,
): T | undefined {
  if (cursor === undefined) return undefined
  const parts = parseJson(Buffer.from(cursor, 'base64url').toString())
  if (isValid(parts)) return parts
  throw new RefusedError('impossible', 'cursor: not from this list; omit it to start from the beginning')
}

/** Filters of lists of runs, by function and object. */
export const objectQuery = {
  function: z.string().min(1).max(63).optional(),
  bucket: z.string().min(1).max(63).optional(),
  prefix: z.string().max(1_024).optional().openapi({ description: 'of the key' }),
  ...containsQuery,
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
