/** The HTTP interface over services that each test answers for. @module */
import { createApi } from '../../../runtime/api/app.ts'
import { createFailedLogins } from '../../../runtime/api/login/failed-logins.ts'
import type { ApiParts, ApiServices } from '../../../runtime/api/services.ts'
import { expose } from '../../../runtime/process/exposition.ts'
import { startAtZero } from '../../../runtime/process/zero-metrics.ts'
import { createLogger } from '../../../runtime/telemetry/logger.ts'
import { createMetrics } from '../../../runtime/telemetry/metrics.ts'

/** Any of the services' methods; all others fail. */
export type Answers = { readonly [S in keyof ApiServices]?: Partial<ApiServices[S]> }

export interface Call {
  readonly name: string
  readonly args: readonly unknown[]
}

/** `calls` lists what the routes have asked of the services. */
export function createTestApi(answers: Answers = {}, parts: Partial<ApiParts> = {}) {
  const calls: Call[] = []
  const metrics = createMetrics()
  startAtZero(metrics, ['cut'])
  const app = createApi({
    version: '1.2.3',
    tools: () => Promise.resolve({ ffmpeg: '5.1' }),
    health: () => Promise.resolve([{ name: 'redis', ok: true }]),
    metrics: async (format) => expose([await metrics.registry.getMetricsAsJSON()], format),
    isDraining: () => false,
    seconds: metrics.httpSeconds,
    inFlight: metrics.httpInFlight,
    services: servicesOf(answers, calls),
    base: '',
    tokens: {},
    trustedProxies: [],
    failedLogins: createFailedLogins(),
    receiver: { host: '127.0.0.1', port: 8082 },
    log: createLogger({ level: 'silent', format: 'json' }),
    ...parts,
  })
  return { app, metrics, calls }
}

export function servicesOf(answers: Answers, calls: Call[]): ApiServices {
  const methodsOf = (service: string) =>
    new Proxy(
      {},
      {
        get:
          (_, method: string) =>
          (...args: unknown[]) => {
            const name = `${service}.${method}`
            if (service !== 'answers') calls.push({ name, args })
            const given = (answers as Record<string, Record<string, (...args: unknown[]) => unknown>>)[
              service
            ]
            return (
              given?.[method]?.(...args) ?? Promise.reject(new Error(`the test has no answer for ${name}`))
            )
          },
      },
    )
  return new Proxy({}, { get: (_, service: string) => methodsOf(service) }) as ApiServices
}
