/** `/v1/reprocess`: run objects again, selected by key, prefix or outcome. @module */
import { createRoute } from '@hono/zod-openapi'
import type { MiddlewareHandler } from 'hono'
import type { ApiEnv } from '../http/env.ts'
import { answerBulk, bulkResponses } from '../jobs/bulk.ts'
import { IDEMPOTENCY_HEADERS } from '../http/idempotency.ts'
import { reprocessRequest } from './model.ts'
import { v1, type ApiApp } from '../http/openapi.ts'
import { noQuery } from '../http/page.ts'
import { bodyNeeded } from '../http/body.ts'
import type { ReprocessService } from './service.ts'

const reprocess = createRoute({
  method: 'post',
  path: '/v1/reprocess',
  ...v1('reprocess', 'jobs', 'operator', 'Run objects again, behind live uploads'),
  request: {
    query: noQuery,
    headers: IDEMPOTENCY_HEADERS,
    body: { required: true, content: { 'application/json': { schema: reprocessRequest } } },
  },
  responses: bulkResponses,
})

export function addReprocessRoute(
  app: ApiApp,
  service: ReprocessService,
  once: MiddlewareHandler<ApiEnv>,
): void {
  app.openapi({ ...reprocess, middleware: [bodyNeeded, once] }, async (c) =>
    answerBulk(c, await service.reprocess(c.req.valid('json'), c.req.raw.signal)),
  )
}
