/** The HTTP interface. @module */
import { Hono } from 'hono'
import { routePath } from 'hono/route'
import type { Histogram } from 'prom-client'
import type { Check } from './health.ts'

export interface ApiParts {
  readonly version: string
  /** What the functions work with, such as `{ ffmpeg: '5.1.9 (path)' }`. */
  readonly tools: () => Promise<Readonly<Record<string, string>>>
  readonly health: () => Promise<readonly Check[]>
  /** Every process's metrics in the text that Prometheus reads. */
  readonly metrics: () => Promise<string>
  readonly isDraining: () => boolean
  readonly seconds: Histogram<'method' | 'route' | 'status_class'>
}

export function createApi({ version, tools, health, metrics, isDraining, seconds }: ApiParts): Hono {
  const app = new Hono()
  const startedAtMs = performance.now()

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
