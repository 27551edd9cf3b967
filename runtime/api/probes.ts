/** Routes that need no token: liveness, readiness and metrics. @module */
import { createRoute, z } from '@hono/zod-openapi'
import type { MetricsFormat } from '../telemetry/metrics.ts'
import type { ApiParts } from './services.ts'
import { json, open, problems, type ApiApp } from './http/openapi.ts'

const aliveSchema = z.object({
  status: z.literal('alive'),
  version: z.string(),
  uptimeSeconds: z.int().min(0),
  tools: z.record(z.string(), z.string()).openapi({ example: { ffmpeg: '5.1.9 (path)' } }),
})

const readinessSchema = z
  .object({
    status: z.enum(['ready', 'not ready', 'draining']),
    checks: z.array(
      z.object({
        name: z.enum(['redis', 'minio', 'groups']),
        ok: z.boolean(),
        detail: z.string().optional(),
      }),
    ),
  })
  .openapi('Readiness')

const healthz = createRoute({
  method: 'get',
  path: '/healthz',
  ...open('getHealth', 'Liveness: the version and the tools of the process'),
  responses: { 200: json(aliveSchema, 'alive'), ...problems(403, 500) },
})

const readyz = createRoute({
  method: 'get',
  path: '/readyz',
  ...open('getReadiness', 'Readiness: Redis, MinIO and the consumer groups'),
  responses: {
    200: json(readinessSchema, 'ready'),
    503: json(readinessSchema, 'not ready, or draining'),
    ...problems(403, 500),
  },
})

const metrics = createRoute({
  method: 'get',
  path: '/metrics',
  ...open('getMetrics', 'Metrics of all processes, for Prometheus'),
  responses: {
    200: {
      description:
        'the text format 0.0.4, or OpenMetrics with run ids as exemplars when `Accept` names `application/openmetrics-text`',
      content: {
        'text/plain': { schema: z.string() },
        'application/openmetrics-text': { schema: z.string() },
      },
    },
    ...problems(403, 500),
  },
})

const CONTENT_TYPES: Readonly<Record<MetricsFormat, string>> = {
  text: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
}

export function addProbes(app: ApiApp, parts: ApiParts): void {
  const startedAtMs = performance.now()

  app.openapi(healthz, async (c) => {
    const uptimeSeconds = Math.round((performance.now() - startedAtMs) / 1_000)
    const tools = { ...(await parts.tools()) }
    return c.json({ status: 'alive' as const, version: parts.version, uptimeSeconds, tools }, 200)
  })

  app.openapi(readyz, async (c) => {
    const checks = (await parts.health()).map((check) => ({ ...check }))
    const isDraining = parts.isDraining()
    if (isDraining) return c.json({ status: 'draining' as const, checks }, 503)
    return checks.every(({ ok }) => ok)
      ? c.json({ status: 'ready' as const, checks }, 200)
      : c.json({ status: 'not ready' as const, checks }, 503)
  })

  app.openapi(metrics, async (c) => {
    const format = c.req.header('accept')?.includes('application/openmetrics-text') ? 'openmetrics' : 'text'
    return c.text(await parts.metrics(format), 200, { 'content-type': CONTENT_TYPES[format] })
  })
}
