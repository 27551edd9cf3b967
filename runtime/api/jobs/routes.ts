/** `/v1/jobs`: the progress of work on many runs, and its cancellation. @module */
import { createRoute, z } from '@hono/zod-openapi'
import { jobSchema } from './model.ts'
import { found, noQuery, pageOf, pageQuery, toPage } from '../http/page.ts'
import { type ApiApp, bodyProblems, json, v1, v1Problems } from '../http/openapi.ts'
import type { JobService } from './service.ts'

const params = z.object({
  id: z.string().min(1).max(100).openapi({
    description: 'the full id, or at least its first 8 characters if no other id starts with them',
  }),
})
const request = { query: noQuery, params }

const list = createRoute({
  method: 'get',
  path: '/v1/jobs',
  ...v1('listJobs', 'jobs', 'reader', 'Jobs, newest first'),
  request: { query: z.strictObject(pageQuery) },
  responses: { 200: json(pageOf(jobSchema), 'a page of jobs'), ...v1Problems(422) },
})

const get = createRoute({
  method: 'get',
  path: '/v1/jobs/{id}',
  ...v1('getJob', 'jobs', 'reader', 'A job and the outcome of its runs'),
  request,
  responses: { 200: json(jobSchema, 'the job'), ...v1Problems(404, 409) },
})

const CANCEL = 'Stop adding runs and cancel those that are still waiting'
const cancelled = { 202: json(jobSchema, 'the job as it is now'), ...bodyProblems(404, 409) }

const cancel = createRoute({
  method: 'post',
  path: '/v1/jobs/{id}/cancel',
  ...v1('cancelJob', 'jobs', 'operator', CANCEL),
  request,
  responses: cancelled,
})

const remove = createRoute({
  method: 'delete',
  path: '/v1/jobs/{id}',
  ...v1('deleteJob', 'jobs', 'operator', `${CANCEL}: the same as POST …/cancel`),
  request,
  responses: cancelled,
})

export function addJobRoutes(app: ApiApp, jobs: JobService): void {
  app.openapi(list, async (c) => c.json(toPage(await jobs.list(c.req.valid('query'))), 200))

  app.openapi(get, async (c) => {
    const { id } = c.req.valid('param')
    return c.json(found(await jobs.get(id), `job ${id}`), 200)
  })

  for (const route of [cancel, remove])
    app.openapi(route, async (c) => c.json(await jobs.cancel(c.req.valid('param').id), 202))
}
