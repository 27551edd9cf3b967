/** The HTTP interface. @module */
import { OpenAPIHono } from '@hono/zod-openapi'
import { routePath } from 'hono/route'
import { requestId } from 'hono/request-id'
import type { Histogram } from 'prom-client'
import type { Tokens } from '../config.ts'
import type { Logger } from '../logger.ts'
import type { ApiEnv } from './auth.ts'
import type { Check } from './health.ts'
import type { ApiServices } from './services.ts'

export interface ApiParts {
  readonly version: string
  /** What the functions work with, such as `{ ffmpeg: '5.1.9 (path)' }`. */
  readonly tools: () => Promise<Readonly<Record<string, string>>>
  readonly health: () => Promise<readonly Check[]>
  /** Every process's metrics in the text that Prometheus reads. */
  readonly metrics: () => Promise<string>
  readonly isDraining: () => boolean
  readonly seconds: Histogram<'method' | 'route' | 'status_class'>
  /** Behind `/v1`; without them there is no `/v1`. */
  readonly services?: ApiServices
  readonly tokens?: Tokens
  readonly log?: Logger
}

export function createApi({
  version,
  tools,
  health,
  metrics,
  isDraining,
  seconds,
}: ApiParts): OpenAPIHono<ApiEnv> {
  const app = new OpenAPIHono<ApiEnv>()
  const startedAtMs = performance.now()

  app.use(requestId())
  app.use(async (c, next) => {
    const end = seconds.startTimer({ method: c.req.method })
    await next()
    // The pattern, never the path: labels are bounded.
    const route = c.res.status === 404 ? 'unknown' : routePath(c, -1)
    end({ route, status_class: `${Math.floor(c.res.status / 100)}xx` })
  })

  app.get('/healthz', async (c) => {
    const uptimeSeconds = Math.round((performance.now() - startedAtMs) / 1_000)
    return c.json({ status: 'alive', version, uptimeSeconds, tools: await tools() })
  })

  app.get('/readyz', async (c) => {
    const checks = await health()
    const isReady = !isDraining() && checks.every(({ ok }) => ok)
    const status = isDraining() ? 'draining' : isReady ? 'ready' : 'not ready'
    return c.json({ status, checks }, isReady ? 200 : 503)
  })

  app.get('/metrics', async (c) =>
    c.text(await metrics(), 200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }),
  )

  app.notFound((c) => {
    const problem = {
      type: 'about:blank',
      title: 'Not Found',
      status: 404,
      detail: `there is no ${c.req.method} ${c.req.path}`,
    }
    return c.body(JSON.stringify(problem), 404, { 'content-type': 'application/problem+json' })
  })
  return app
}
