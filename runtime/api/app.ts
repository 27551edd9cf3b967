/** The HTTP interface. @module */
import { Hono } from 'hono'
import type { Check } from './health.ts'

export interface ApiParts {
  readonly version: string
  readonly health: () => Promise<readonly Check[]>
  /** Every process's metrics in the text that Prometheus reads. */
  readonly metrics: () => Promise<string>
  readonly isDraining: () => boolean
}

export function createApi({ version, health, metrics, isDraining }: ApiParts): Hono {
  const app = new Hono()
  const startedAtMs = performance.now()

  app.get('/healthz', (c) =>
    c.json({
      status: 'alive',
      version,
      uptimeSeconds: Math.round((performance.now() - startedAtMs) / 1_000),
    }),
  )

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
