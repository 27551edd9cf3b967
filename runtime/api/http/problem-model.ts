/** Errors as RFC 9457 problems, media type `application/problem+json`. @module */
import { z } from '@hono/zod-openapi'

export const problemSchema = z
  .looseObject({
    type: z.string().openapi({ description: '`about:blank`, or what kind of problem it is' }),
    title: z.string(),
    status: z.int(),
    detail: z.string().openapi({ description: 'what happened, to what, and what to do' }),
    issues: z
      .array(z.object({ path: z.string(), message: z.string() }))
      .optional()
      .openapi({ description: 'for an invalid request: the invalid fields, the first 50 of them' }),
    matched: z.int().optional().openapi({ description: 'how many it would have been' }),
    limit: z.int().optional(),
    candidates: z.int().optional().openapi({ description: 'how many ids begin with the one that was given' }),
  })
  .openapi('Problem')

export type Problem = z.output<typeof problemSchema>
