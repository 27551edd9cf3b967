/** The metrics that workers have last sent to their supervisor. The sums keep the counts of dead workers. @module */
import { AggregatorRegistry } from 'prom-client'
import type { MetricsSnapshot } from './messages.ts'

export interface Snapshots {
  /** For one process: a pid names another one later. */
  open(): SnapshotSource
  all(): readonly MetricsSnapshot[]
}

export interface SnapshotSource {
  /** A snapshot that arrives after {@link SnapshotSource.retire} is ignored: it was counted already. */
  keep(snapshot: MetricsSnapshot): void
  /** The process is gone: its counters and histograms stay, its gauges go. */
  retire(): Promise<void>
}

export function createSnapshots(): Snapshots {
  const live = new Map<SnapshotSource, MetricsSnapshot>()
  let retired: MetricsSnapshot = []
  // One merge after the other: each adds to what the one before has made.
  let merging: Promise<void> = Promise.resolve()

  async function retire(source: SnapshotSource): Promise<void> {
    const last = live.get(source) ?? []
    const counted = last.filter(({ name, type }) => name.startsWith('sluice_') && String(type) !== 'gauge')
    try {
      if (counted.length > 0) retired = await merge([retired, counted])
    } finally {
      // In the same turn as the sum changes, so that no reader misses this process or counts it twice.
      live.delete(source)
    }
  }

  return {
    open() {
      let isOpen = true
      const source: SnapshotSource = {
        keep(snapshot) {
          if (isOpen) live.set(source, snapshot)
        },
        retire() {
          isOpen = false
          const next = () => retire(source)
          merging = merging.then(next, next)
          return merging
        },
      }
      return source
    },
    all: () => (retired.length > 0 ? [retired, ...live.values()] : [...live.values()]),
  }
}

/** The sum of processes' metrics, as one process would export it. */
export async function merge(snapshots: readonly MetricsSnapshot[]): Promise<MetricsSnapshot> {
  return AggregatorRegistry.aggregate([...snapshots]).getMetricsAsJSON()
}
