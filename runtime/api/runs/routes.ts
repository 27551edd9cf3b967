/** `/v1/runs`: runs listed, shown, retried and cancelled. @module */
import { createRoute, z } from '@hono/zod-openapi'
import type { MiddlewareHandler } from 'hono'
import type { ApiEnv } from '../http/env.ts'
import { IDEMPOTENCY_HEADERS } from '../http/idempotency.ts'
import { RUN_ID_HELP } from '../short-ids.ts'
import { found, noQuery, objectQuery, pageOf, pageQuery, timeQuery, toPage, toTimes } from '../http/page.ts'
import { runDetailSchema, runSchema, runStatus } from './model.ts'
import { type ApiApp, bodyProblems, json, LOCATION, v1, v1Problems } from '../http/openapi.ts'
import { answerBulk, bulkResponses } from '../jobs/bulk.ts'
import { bodyNeeded } from '../http/body.ts'
import { addMethodGuard } from '../http/guards.ts'
import { cancelRunsRequest, retryRunsRequest } from './bulk-model.ts'
import type { RunBulkService } from './bulk-service.ts'
import type { RunService } from './service.ts'

const about = (operationId: string, role: 'reader' | 'operator', summary: string) =>
  v1(operationId, 'runs', role, summary)

export const runParams = z.object({
  id: z
    .string()
    .regex(/^[0-9a-f]{8,32}$/, RUN_ID_HELP)
    .openapi({
      description: 'the full id, or at least its first 8 digits if no other id starts with them',
      example: '5d41402abc4b2a76b9719d911017c592',
    }),
})

const statuses = z
  .preprocess(
    (value) => [value].flat().flatMap((text) => (typeof text === 'string' ? text.split(',') : text)),
    z.array(runStatus),
  )
  .optional()
  .openapi({ description: 'any of these; repeat it or separate with commas' })

const list = createRoute({
  method: 'get',
  path: '/v1/runs',
  ...about('listRuns', 'reader', 'Runs, newest first'),
  request: { query: z.strictObject({ ...objectQuery, status: statuses, ...timeQuery, ...pageQuery }) },
  responses: { 200: json(pageOf(runSchema), 'a page of runs'), ...v1Problems(422) },
})

const get = createRoute({
  method: 'get',
  path: '/v1/runs/{id}',
  ...about('getRun', 'reader', 'A run with its attempts, the last lines of its tool, and its results'),
  request: {
    query: z.strictObject({
      links: z
        .enum(['true', 'false'])
        .default('false')
        .openapi({ description: 'adds links to the outputs that a browser or player can open' }),
    }),
    params: runParams,
  },
  responses: { 200: json(runDetailSchema, 'the run'), ...v1Problems(404, 409) },
})

const retry = createRoute({
  method: 'post',
  path: '/v1/runs/{id}/retry',
  ...about(
    'retryRun',
    'operator',
    'Run it again: a run that ended without a result, or any run with `force`',
  ),
  request: {
    query: noQuery,
    params: runParams,
    headers: IDEMPOTENCY_HEADERS,
    body: {
      required: false,
      content: {
        'application/json': {
          schema: z
            .strictObject({
              force: z
                .boolean()
                .default(false)
                .openapi({ description: 'also when it is waiting, running or has succeeded' }),
            })
            .openapi('RetryRequest'),
        },
      },
    },
  },
  responses: {
    202: json(runDetailSchema, 'the run, which waits behind live uploads', LOCATION),
    ...bodyProblems(404, 409, 422),
  },
})

const cancel = createRoute({
  method: 'post',
  path: '/v1/runs/{id}/cancel',
  ...about('cancelRun', 'operator', 'Cancel a waiting run, or ask the worker of a running one to stop'),
  request: { query: noQuery, params: runParams },
  responses: { 202: json(runDetailSchema, 'the run as it is now'), ...bodyProblems(404, 409) },
})

const retryMany = createRoute({
  method: 'post',
  path: '/v1/runs/retry',
  ...about(
    'retryRuns',
    'operator',
    'Run many again, behind live uploads; a filter without `status` selects dead and cancelled runs',
  ),
  request: {
    query: noQuery,
    headers: IDEMPOTENCY_HEADERS,
    body: { required: true, content: { 'application/json': { schema: retryRunsRequest } } },
  },
  responses: bulkResponses,
})

const cancelMany = createRoute({
  method: 'post',
  path: '/v1/runs/cancel',
  ...about('cancelRuns', 'operator', 'Cancel many: waiting runs, and running ones, whose workers are asked'),
  request: {
    query: noQuery,
    headers: IDEMPOTENCY_HEADERS,
    body: { required: true, content: { 'application/json': { schema: cancelRunsRequest } } },
  },
  responses: bulkResponses,
})

export interface RunServices {
  readonly runs: RunService
  readonly runBulk: RunBulkService
}

export function addRunRoutes(
  app: ApiApp,
  { runs, runBulk }: RunServices,
  once: MiddlewareHandler<ApiEnv>,
): void {
  app.openapi({ ...retryMany, middleware: [bodyNeeded, once] }, async (c) =>
    answerBulk(c, await runBulk.retry(c.req.valid('json'), c.req.raw.signal)),
  )

  app.openapi({ ...cancelMany, middleware: [bodyNeeded, once] }, async (c) =>
    answerBulk(c, await runBulk.cancel(c.req.valid('json'), c.req.raw.signal)),
  )

  for (const { path } of [retryMany, cancelMany]) addMethodGuard(app, path, ['POST'])

  app.openapi(list, async (c) => {
    const { limit, cursor, since, until, ...filter } = c.req.valid('query')
    return c.json(
      toPage(await runs.list({ ...filter, ...toTimes({ since, until }) }, { limit, cursor })),
      200,
    )
  })

  app.openapi(get, async (c) => {
    const { id } = c.req.valid('param')
    const hasLinks = c.req.valid('query').links === 'true'
    return c.json(found(await runs.get(id, { hasLinks }), `run ${id}`), 200)
  })

  app.openapi({ ...retry, middleware: once }, async (c) => {
    const { id } = c.req.valid('param')
    const { force } = c.req.valid('json')
    const run = await runs.retry(id, { force: force ?? false })
    return c.json(run, 202, { location: `/v1/runs/${run.id}` })
  })

  app.openapi(cancel, async (c) => c.json(await runs.cancel(c.req.valid('param').id), 202))
}
