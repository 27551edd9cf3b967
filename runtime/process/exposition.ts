/** Processes' metrics in a text that Prometheus reads. @module */
import {
  AggregatorRegistry,
  openMetricsContentType,
  prometheusContentType,
  type MetricObjectWithValues,
  type MetricValue,
  type Registry,
} from 'prom-client'
import type { MetricsFormat } from '../telemetry/metrics.ts'
import type { MetricsSnapshot } from './messages.ts'

/** As prom-client keeps it beside a bucket's value. Its types do not know of it. */
interface Exemplar {
  readonly labelSet: Readonly<Record<string, string>>
  readonly value: number
  readonly timestamp: number
}

interface BucketValue extends MetricValue<string> {
  exemplar?: Exemplar | null
}

/** The sum of processes' metrics. */
export async function expose(
  snapshots: readonly MetricsSnapshot[],
  format: MetricsFormat = 'text',
): Promise<string> {
  if (format === 'text') return aggregate(snapshots, prometheusContentType).metrics()
  const registry = aggregate(snapshots, openMetricsContentType)
  const exemplars = newestExemplars(snapshots)
  for (const each of registry.getMetricsAsArray()) {
    const metric = await (each as unknown as Aggregated).get()
    // OpenMetrics adds `_total` itself, and prom-client forgets to take it away from what was aggregated.
    if (String(metric.type) === 'counter') Object.assign(metric, { name: metric.name.replace(/_total$/, '') })
    for (const value of metric.values as BucketValue[]) {
      const exemplar = exemplars.get(idOf(metric.name, value))
      if (exemplar) value.exemplar = exemplar
    }
  }
  return registry.metrics()
}

interface Aggregated {
  get(): Promise<MetricObjectWithValues<MetricValue<string>>>
}

/** prom-client's types leave out the second parameter. */
interface Aggregator {
  aggregate(snapshots: object[], contentType: string): Registry
}

function aggregate(snapshots: readonly MetricsSnapshot[], contentType: string) {
  return (AggregatorRegistry as unknown as Aggregator).aggregate([...snapshots], contentType)
}

/** Sums drop them. */
function newestExemplars(snapshots: readonly MetricsSnapshot[]): ReadonlyMap<string, Exemplar> {
  const newest = new Map<string, Exemplar>()
  for (const { name, values } of snapshots.flat()) {
    for (const value of values as BucketValue[]) {
      if (!value.exemplar) continue
      const id = idOf(name, value)
      const known = newest.get(id)
      if (!known || known.timestamp < value.exemplar.timestamp) newest.set(id, value.exemplar)
    }
  }
  return newest
}

function idOf(name: string, { labels }: MetricValue<string>): string {
  return JSON.stringify([
    name,
    ...Object.entries(labels)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .flat(),
  ])
}
