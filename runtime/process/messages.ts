/** What the processes of one runtime tell each other over Node's IPC channel. @module */
import type { MetricObjectWithValues, MetricValue } from 'prom-client'

/** One process's metrics as prom-client exports them. */
export type MetricsSnapshot = MetricObjectWithValues<MetricValue<string>>[]

export type ToSupervisor =
  /** The event loop turns; with it the metrics, so that they outlive the process. */
  | { readonly type: 'alive'; readonly metrics: MetricsSnapshot }
  /** The child serves. */
  | { readonly type: 'ready' }
  | { readonly type: 'collect'; readonly id: number }

export type ToChild = {
  readonly type: 'collected'
  readonly id: number
  readonly snapshots: readonly MetricsSnapshot[]
}

/** What a child is for. */
export type ChildKind = 'serve' | 'work'

export const ALIVE_EVERY_MS = 2_000
