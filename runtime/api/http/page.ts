/** Lists in pages: `{"items":[…],"nextCursor":"…"}`; the last page has `null`. @module */
import { z } from '@hono/zod-openapi'

export const MAX_LIMIT = 1_000

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
