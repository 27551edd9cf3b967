/** What the HTTP interface is made of. @module */
import type { Gauge, Histogram } from 'prom-client'
import type { Tokens } from '../settings/config.ts'
import type { Logger } from '../telemetry/logger.ts'
import type { MetricsFormat } from '../telemetry/metrics.ts'
import type { Check } from './health.ts'
import type { ApiServices } from './operations.ts'

export interface ApiParts {
  readonly version: string
  /** What the functions work with, such as `{ ffmpeg: '5.1.9 (path)' }`. */
  readonly tools: () => Promise<Readonly<Record<string, string>>>
  readonly health: () => Promise<readonly Check[]>
  /** Every process's metrics in a text that Prometheus reads. */
  readonly metrics: (format: MetricsFormat) => Promise<string>
  readonly isDraining: () => boolean
  readonly seconds: Histogram<'method' | 'route' | 'status_class'>
  readonly inFlight: Gauge
  /** Behind `/v1`. */
  readonly services: ApiServices
  readonly tokens: Tokens
  readonly log: Logger
}
