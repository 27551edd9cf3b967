/** The parts of the HTTP interface, which the serving process gives. @module */
import type { Gauge, Histogram } from 'prom-client'
import type { Tokens } from '../settings/config.ts'
import type { Logger } from '../telemetry/logger.ts'
import type { MetricsFormat } from '../telemetry/metrics.ts'
import type { Check } from './health.ts'
import type { ApiServices } from './operations.ts'
import type { Receiver } from './streams/push.ts'

export interface ApiParts {
  readonly version: string
  /** The tools that functions use, such as `{ ffmpeg: '5.1.9 (path)' }`. */
  readonly tools: () => Promise<Readonly<Record<string, string>>>
  readonly health: () => Promise<readonly Check[]>
  /** The metrics of all processes, in a format that Prometheus reads. */
  readonly metrics: (format: MetricsFormat) => Promise<string>
  readonly isDraining: () => boolean
  readonly seconds: Histogram<'method' | 'route' | 'status_class'>
  readonly inFlight: Gauge
  /** Served under `/v1`. */
  readonly services: ApiServices
  readonly tokens: Tokens
  /** Where streams are received, for senders that come here. */
  readonly receiver: Receiver
  readonly log: Logger
}
