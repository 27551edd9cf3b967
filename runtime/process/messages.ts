/** What the processes of one runtime tell each other over Node's IPC channel. @module */
import type { MetricObjectWithValues, MetricValue } from 'prom-client'
import type { FateKind } from '../queue/queue.ts'

/** One process's metrics as prom-client exports them. */
export type MetricsSnapshot = MetricObjectWithValues<MetricValue<string>>[]

export type ToSupervisor =
  /** The event loop turns. */
  | { readonly type: 'turns' }
  /** The same, with the metrics, so that they outlive the process. */
  | { readonly type: 'alive'; readonly metrics: MetricsSnapshot }
  /** The child serves; a worker under this name. */
  | { readonly type: 'ready'; readonly consumer?: string | undefined }
  | { readonly type: 'collect'; readonly id: number }

export type ToChild =
  | {
      readonly type: 'collected'
      readonly id: number
      readonly snapshots: readonly MetricsSnapshot[]
    }
  /** What has become of a worker: the serving child tells Redis, for those who take runs back. */
  | { readonly type: 'fate'; readonly fate: Fate }

/** What a supervisor knows of a worker. */
export interface Fate {
  readonly consumer: string
  readonly kind: FateKind
  /** Completes "the worker …". */
  readonly how: string
}

/** What a child is for. */
export type ChildKind = 'serve' | 'work'

export const TURNS_EVERY_MS = 1_000
export const ALIVE_EVERY_MS = 2_000
