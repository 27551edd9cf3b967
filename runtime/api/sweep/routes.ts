/** `/v1/sweep`: compare the buckets with the runs and heal losses. @module */
import { createRoute } from '@hono/zod-openapi'
import type { MiddlewareHandler } from 'hono'
import type { ApiEnv } from '../http/env.ts'
import { IDEMPOTENCY_HEADERS } from '../http/idempotency.ts'
import { sweepPassSchema, sweepPreviewSchema, sweepRequest, sweepSchema } from './model.ts'
import { bodyProblems, json, LOCATION, v1, v1Problems, type ApiApp } from '../http/openapi.ts'
import { noQuery } from '../http/page.ts'
import { bodyNeeded } from '../http/body.ts'
import type { SweepService } from './service.ts'

const get = createRoute({
  method: 'get',
  path: '/v1/sweep',
  ...v1('getSweep', 'sweep', 'reader', 'The progress of the sweep, and the findings of the last ones'),
  request: { query: noQuery },
  responses: { 200: json(sweepSchema, 'the known passes'), ...v1Problems() },
})

const post = createRoute({
  method: 'post',
  path: '/v1/sweep',
  ...v1('sweep', 'sweep', 'operator', 'Compare the buckets with the runs now and heal losses'),
  request: {
    query: noQuery,
    headers: IDEMPOTENCY_HEADERS,
    body: { required: true, content: { 'application/json': { schema: sweepRequest } } },
  },
  responses: {
    200: json(sweepPreviewSchema, 'the preview of a dry run'),
    202: json(sweepPassSchema, 'the pass, which starts when earlier ones have ended', LOCATION),
    ...bodyProblems(409, 422),
  },
})

export function addSweepRoutes(app: ApiApp, service: SweepService, once: MiddlewareHandler<ApiEnv>): void {
  app.openapi(get, async (c) => c.json(await service.view(), 200))

  app.openapi({ ...post, middleware: [bodyNeeded, once] }, async (c) => {
    const answer = await service.sweep(c.req.valid('json'), c.req.raw.signal)
    return 'id' in answer ? c.json(answer, 202, { location: '/v1/sweep' }) : c.json(answer, 200)
  })
}
