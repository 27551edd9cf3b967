/** `/v1/results`: the results that are stored. @module */
import { createRoute, z } from '@hono/zod-openapi'
import { pageOf, pageQuery, toPage } from '../http/page.ts'
import { resultSchema } from './model.ts'
import { json, v1, v1Problems, type ApiApp } from '../http/openapi.ts'
import type { ResultService } from './service.ts'

/** A cursor names a key, which may have 1,024 bytes. */
const cursor = z.string().max(3_000).optional().openapi({ description: '`nextCursor` of the previous page' })

const list = createRoute({
  method: 'get',
  path: '/v1/results',
  ...v1('listResults', 'results', 'reader', 'Stored results, in order of their keys'),
  request: {
    query: z.strictObject({
      bucket: z.string().min(1).max(63).optional().openapi({ description: 'bucket of the source' }),
      prefix: z.string().max(1_024).optional().openapi({
        description:
          'prefix of the source’s key; results stored under the sha256 of their key are listed only without a prefix',
      }),
      function: z.string().min(1).max(63).optional(),
      ...pageQuery,
      cursor,
    }),
  },
  responses: { 200: json(pageOf(resultSchema), 'a page of results'), ...v1Problems(422) },
})

export function addResultRoutes(app: ApiApp, results: ResultService): void {
  app.openapi(list, async (c) => {
    const { limit, cursor, ...filter } = c.req.valid('query')
    return c.json(toPage(await results.list(filter, { limit, cursor })), 200)
  })
}
