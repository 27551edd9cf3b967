/** Lists in pages: `{"items":[…],"nextCursor":"…"}`; the last page has `null`. @module */
import { z } from '@hono/zod-openapi'
import { RefusedError } from './problem.ts'

export const MAX_LIMIT = 1_000

export interface Page<T> {
  readonly items: readonly T[]
  readonly nextCursor: string | null
}

export interface PageRequest {
  readonly limit: number
  /** `nextCursor` of the page before. A text that is none is a RefusedError 422. */
  readonly cursor?: string | undefined
}

export const pageQuery = {
  limit: z.coerce.number().int().min(1).max(MAX_LIMIT).default(50).openapi({ description: 'items at most' }),
  cursor: z.string().max(200).optional().openapi({ description: '`nextCursor` of the page before' }),
}

export const timeQuery = {
  since: z.iso.datetime({ offset: true }).optional().openapi({ description: 'not older than this' }),
  until: z.iso.datetime({ offset: true }).optional().openapi({ description: 'older than this' }),
}

export function pageOf<T extends z.ZodType>(item: T) {
  return z.object({
    items: z.array(item),
    nextCursor: z.string().nullable().openapi({
      description:
        'asks for the next page; a page may hold fewer items than its limit and yet not be the last',
    }),
  })
}

/** RFC 3339 in UTC with milliseconds, as JSON has all times. */
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
  try {
    const parts: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString())
    if (isValid(parts)) return parts
  } catch {
    // Said below.
  }
  throw new RefusedError('impossible', 'cursor: not one of this list; leave it out to begin anew')
}
