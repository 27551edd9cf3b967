/** `/v1/search`: runs and objects by a text as people remember it. @module */
import { createRoute, z } from '@hono/zod-openapi'
import { type ApiApp, json, v1, v1Problems } from '../http/openapi.ts'
import { MAX_QUERY_LENGTH, searchAnswerSchema } from './model.ts'
import { DEFAULT_LIMIT, type SearchService } from './service.ts'

const search = createRoute({
  method: 'get',
  path: '/v1/search',
  ...v1('search', 'objects', 'reader', 'Runs and objects by an id, a key, or the beginning or a part of one'),
  request: {
    query: z.strictObject({
      q: z.string().min(1).max(MAX_QUERY_LENGTH).openapi({ description: 'the text', example: 'holiday' }),
      limit: z.coerce
        .number()
        .int()
        .min(1)
        .max(100)
        .default(DEFAULT_LIMIT)
        .openapi({ description: 'maximum number of runs, and of objects' }),
    }),
  },
  responses: { 200: json(searchAnswerSchema, 'the findings'), ...v1Problems(422) },
})

export function addSearchRoute(app: ApiApp, service: SearchService): void {
  app.openapi(search, async (c) => {
    const { q, limit } = c.req.valid('query')
    return c.json(await service.search(q, limit), 200)
  })
}
