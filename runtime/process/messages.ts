/** Messages between the processes of one runtime, over Node's IPC channel. @module */
import type { MetricObjectWithValues, MetricValue } from 'prom-client'
import type { FateKind } from '../queue/queue.ts'

/** One process's metrics as prom-client exports them. */
export type MetricsSnapshot = MetricObjectWithValues<MetricValue<string>>[]

export type ToSupervisor =
  /** The event loop is running. */
  | { readonly type: 'turns' }
  /** The same, with the metrics, so that they outlive the process. */
  | { readonly type: 'alive'; readonly metrics: MetricsSnapshot }
  /** The child works; a worker has this name in the queue. */
  | { readonly type: 'ready'; readonly consumer?: string | undefined }
  | { readonly type: 'collect'; readonly id: number }

export type ToChild =
  | {
      readonly type: 'collected'
      readonly id: number
      readonly snapshots: readonly MetricsSnapshot[]
    }
  /** The fate of a worker: the serving child stores it in Redis, for the processes that take runs back. */
  | { readonly type: 'fate'; readonly fate: Fate }

/** How a worker was lost, as its supervisor knows it. */
export interface Fate {
  readonly consumer: string
  readonly kind: FateKind
  /** Completes "the worker …". */
  readonly how: string
}

/** The kinds of child: HTTP and intake; attempts; reception of streams. */
export type ChildKind = 'serve' | 'work' | 'receive'

export const TURNS_EVERY_MS = 1_000
export const ALIVE_EVERY_MS = 2_000
