/** `/v1/live` and `/v1/runs/{id}/events`: changes as server-sent events. @module */
import { createRoute, z } from '@hono/zod-openapi'
import { type ApiApp, v1, v1Problems } from '../http/openapi.ts'
import { EVENT_STREAM_HEADERS } from './event-stream.ts'
import { runParams } from '../runs/routes.ts'
import type { LiveService } from './service.ts'

const EVENTS = { 'text/event-stream': { schema: z.string() } }
const headers = z.object({
  'last-event-id': z.string().max(40).optional().openapi({ description: 'of the last event that was heard' }),
})

const live = createRoute({
  method: 'get',
  path: '/v1/live',
  ...v1('watch', 'live', 'reader', 'Changes of runs, functions, streams and jobs, as they happen'),
  request: {
    headers,
    query: z.strictObject({
      about: z.string().max(1_200).default('all').openapi({
        description:
          '`all`, `function:<name>`, `run:<id>`, `object:<bucket>/<key>`, `streams`, `stream:<name>` or `job:<id>`',
      }),
      since: z.string().max(40).optional().openapi({ description: 'as Last-Event-ID, for a first request' }),
    }),
  },
  responses: {
    200: {
      description:
        '`event: ready` when nothing is missed any more, then `event: change`, at most four a second, with a `Change`; after an interruption, `Last-Event-ID` brings all changes since then',
      content: EVENTS,
    },
    ...v1Problems(422),
  },
})

const follow = createRoute({
  method: 'get',
  path: '/v1/runs/{id}/events',
  ...v1('followRun', 'live', 'reader', 'The course of a run, until it has ended'),
  request: { headers, query: z.strictObject({}), params: runParams },
  responses: {
    200: {
      description:
        '`event: status` with the run, `event: progress`, at most once a second, and `event: log` with `{"lines":[…]}` of its tool; ends after the last status',
      content: EVENTS,
    },
    204: { description: 'the run has ended, and the reader has heard it' },
    ...v1Problems(404, 409),
  },
})

export function addLiveRoutes(app: ApiApp, service: LiveService): void {
  app.openapi(live, (c) => {
    // Nobody would read it.
    if (c.req.method === 'HEAD') return c.body(null, 200, EVENT_STREAM_HEADERS)
    const { about, since } = c.req.valid('query')
    return service.watch(about, c.req.valid('header')['last-event-id'] ?? since)
  })

  app.openapi(follow, async (c) => {
    if (c.req.method === 'HEAD') return c.body(null, 200, EVENT_STREAM_HEADERS)
    const { id } = c.req.valid('param')
    return (await service.follow(id, c.req.valid('header')['last-event-id'])) ?? c.body(null, 204)
  })
}
