/** `/v1/functions`: their definitions and queues; pause, resume, limit. @module */
import { createRoute, z } from '@hono/zod-openapi'
import { functionSchema, limitsRequest } from './model.ts'
import { found, noQuery, pageOf, toPage } from '../http/page.ts'
import { type ApiApp, bodyProblems, json, v1, v1Problems } from '../http/openapi.ts'
import { bodyNeeded } from '../http/body.ts'
import { TALLY_MINUTES } from '../../queue/tallies.ts'
import type { FunctionService } from './service.ts'

const params = z.object({ name: z.string().min(1).max(63).openapi({ example: 'chunk' }) })
const query = z.strictObject({
  rates: z.coerce
    .number()
    .int()
    .min(1)
    .max(TALLY_MINUTES)
    .optional()
    .openapi({ description: 'adds the rates of so many minutes, up to a day' }),
})
const about = (operationId: string, role: 'reader' | 'operator', summary: string) =>
  v1(operationId, 'functions', role, summary)
const changed = { 200: json(functionSchema, 'the function as it is now'), ...bodyProblems(404, 409, 422) }

const list = createRoute({
  method: 'get',
  path: '/v1/functions',
  ...about('listFunctions', 'reader', 'All functions; always one page'),
  request: { query },
  responses: { 200: json(pageOf(functionSchema), 'the functions'), ...v1Problems() },
})

const get = createRoute({
  method: 'get',
  path: '/v1/functions/{name}',
  ...about('getFunction', 'reader', 'A function, its limits, its queue and its rates'),
  request: { query, params },
  responses: { 200: json(functionSchema, 'the function'), ...v1Problems(404) },
})

const pause = createRoute({
  method: 'post',
  path: '/v1/functions/{name}/pause',
  ...about('pauseFunction', 'operator', 'Start no more attempts; uploads are still accepted and wait'),
  request: { query: noQuery, params },
  responses: changed,
})

const resume = createRoute({
  method: 'post',
  path: '/v1/functions/{name}/resume',
  ...about('resumeFunction', 'operator', 'Start attempts again'),
  request: { query: noQuery, params },
  responses: changed,
})

const limit = createRoute({
  method: 'patch',
  path: '/v1/functions/{name}',
  ...about('limitFunction', 'operator', 'Set the limit of concurrent attempts in one worker process'),
  request: {
    query: noQuery,
    params,
    body: { required: true, content: { 'application/json': { schema: limitsRequest } } },
  },
  responses: changed,
})

export function addFunctionRoutes(app: ApiApp, functions: FunctionService): void {
  app.openapi(list, async (c) => {
    const items = await functions.list(c.req.valid('query').rates)
    return c.json(toPage({ items, nextCursor: null }), 200)
  })

  app.openapi(get, async (c) => {
    const { name } = c.req.valid('param')
    const view = await functions.get(name, c.req.valid('query').rates)
    return c.json(found(view, `function ${name}`), 200)
  })

  app.openapi(pause, async (c) => c.json(await functions.pause(c.req.valid('param').name), 200))

  app.openapi(resume, async (c) => c.json(await functions.resume(c.req.valid('param').name), 200))

  app.openapi({ ...limit, middleware: bodyNeeded }, async (c) => {
    const { concurrency } = c.req.valid('json')
    return c.json(await functions.setConcurrency(c.req.valid('param').name, concurrency), 200)
  })
}
