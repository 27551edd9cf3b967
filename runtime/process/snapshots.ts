/** The workers' metrics as the supervisor last heard them. What dead workers counted stays in the sums. @module */
import { AggregatorRegistry } from 'prom-client'
import type { MetricsSnapshot } from './messages.ts'

export interface Snapshots {
  keep(pid: number, snapshot: MetricsSnapshot): void
  /** The process is gone: its counters and histograms stay, its gauges go. */
  retire(pid: number): Promise<void>
  all(): readonly MetricsSnapshot[]
}

export function createSnapshots(): Snapshots {
  const live = new Map<number, MetricsSnapshot>()
  let retired: MetricsSnapshot = []
  return {
    keep: (pid, snapshot) => void live.set(pid, snapshot),
    async retire(pid) {
      const last = live.get(pid)
      live.delete(pid)
      if (!last) return
      const counted = last.filter(({ name, type }) => name.startsWith('sluice_') && String(type) !== 'gauge')
      retired = await merge([retired, counted])
    },
    all: () => (retired.length > 0 ? [retired, ...live.values()] : [...live.values()]),
  }
}

/** The sum of processes' metrics, as one process would export it. */
export async function merge(snapshots: readonly MetricsSnapshot[]): Promise<MetricsSnapshot> {
  return AggregatorRegistry.aggregate([...snapshots]).getMetricsAsJSON()
}

/** The same in the text that Prometheus reads. */
export async function expose(snapshots: readonly MetricsSnapshot[]): Promise<string> {
  return AggregatorRegistry.aggregate([...snapshots]).metrics()
}
