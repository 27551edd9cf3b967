/** `/v1/dead-letters`: runs that were given up: listed, run again, purged. @module */
import { createRoute, z } from '@hono/zod-openapi'
import type { MiddlewareHandler } from 'hono'
import { needs } from '../http/auth.ts'
import type { ApiEnv } from '../http/env.ts'
import { answerBulk, bulkResponses } from '../jobs/bulk.ts'
import { IDEMPOTENCY_HEADERS } from '../http/idempotency.ts'
import { kindSchema, purgeRequest, redriveRequest } from './model.ts'
import { noQuery, objectQuery, pageOf, pageQuery, timeQuery, toPage, toTimes } from '../http/page.ts'
import { runDetailSchema } from '../runs/model.ts'
import { type ApiApp, bodyProblems, json, v1, v1Problems } from '../http/openapi.ts'
import { bodyNeeded } from '../http/body.ts'
import type { DeadLetterService } from './service.ts'

const list = createRoute({
  method: 'get',
  path: '/v1/dead-letters',
  ...v1(
    'listDeadLetters',
    'dead letters',
    'reader',
    'Runs that were given up, newest first; times are those of giving up',
  ),
  request: {
    query: z.strictObject({
      ...objectQuery,
      reason: z.enum(['permanent', 'exhausted', 'crash-loop']).optional(),
      ...timeQuery,
      ...pageQuery,
    }),
  },
  responses: { 200: json(pageOf(runDetailSchema), 'a page of dead letters'), ...v1Problems(422) },
})

const kinds = createRoute({
  method: 'get',
  path: '/v1/dead-letters/kinds',
  ...v1(
    'listDeadLetterKinds',
    'dead letters',
    'reader',
    'The newest dead letters by what went wrong, the most frequent kind first; a kind may be on several pages',
  ),
  request: {
    query: z.strictObject({
      ...objectQuery,
      reason: z.enum(['permanent', 'exhausted', 'crash-loop']).optional(),
      ...timeQuery,
      ...pageQuery,
      limit: z.coerce
        .number()
        .int()
        .min(1)
        .max(1_000)
        .default(1_000)
        .openapi({ description: 'dead letters to look at' }),
    }),
  },
  responses: {
    200: json(
      pageOf(kindSchema).extend({
        looked: z.int().min(0).openapi({ description: 'dead letters that were looked at' }),
      }),
      'kinds of failure',
    ),
    ...v1Problems(422),
  },
})

const redrive = createRoute({
  method: 'post',
  path: '/v1/dead-letters/redrive',
  ...v1('redriveDeadLetters', 'dead letters', 'operator', 'Run all matches again, behind live uploads'),
  request: {
    query: noQuery,
    headers: IDEMPOTENCY_HEADERS,
    body: { required: true, content: { 'application/json': { schema: redriveRequest } } },
  },
  responses: bulkResponses,
})

const purge = createRoute({
  method: 'post',
  path: '/v1/dead-letters/purge',
  ...v1(
    'purgeDeadLetters',
    'dead letters',
    'admin',
    'Remove all matches from the list; their runs are kept as long as others, their verdicts stay',
  ),
  request: {
    query: noQuery,
    body: { required: true, content: { 'application/json': { schema: purgeRequest } } },
  },
  responses: {
    200: json(
      z.object({ purged: z.int().min(0) }),
      'the number removed, or for a dry run the number that would be',
    ),
    ...bodyProblems(409, 422),
  },
})

export function addDeadLetterRoutes(
  app: ApiApp,
  deadLetters: DeadLetterService,
  once: MiddlewareHandler<ApiEnv>,
): void {
  app.openapi(list, async (c) => {
    const { limit, cursor, since, until, ...filter } = c.req.valid('query')
    const page = await deadLetters.list({ ...filter, ...toTimes({ since, until }) }, { limit, cursor })
    return c.json(toPage(page), 200)
  })

  app.openapi(kinds, async (c) => {
    const { limit, cursor, since, until, ...filter } = c.req.valid('query')
    const page = await deadLetters.kinds({ ...filter, ...toTimes({ since, until }) }, { limit, cursor })
    return c.json({ ...toPage(page), looked: page.looked }, 200)
  })

  app.openapi({ ...redrive, middleware: [bodyNeeded, once] }, async (c) =>
    answerBulk(c, await deadLetters.redrive(c.req.valid('json'))),
  )

  app.openapi({ ...purge, middleware: [needs('admin'), bodyNeeded] }, async (c) =>
    c.json({ ...(await deadLetters.purge(c.req.valid('json'))) }, 200),
  )
}
