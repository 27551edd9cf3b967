/**
 * A histogram that grows with every run. prom-client finds a series by a text of its labels at each observation; here it is found
 * once, and an observation is three additions. What is exposed is the same as of a histogram of prom-client.
 * @module
 */
import type { Metric, Registry } from 'prom-client'

export interface DistributionOptions {
  readonly name: string
  readonly help: string
  /** Upper bounds, ascending; the last bucket has none. */
  readonly buckets: readonly number[]
  readonly registry: Registry<never>
}

/** Names one observation of a bucket: the newest. */
interface Exemplar {
  readonly labelSet: Readonly<Record<string, string>>
  readonly value: number
  /** Seconds since 1970. */
  readonly timestamp: number
}

type Labels = Readonly<Record<string, string>>

/** One series. */
export class DistributionSeries {
  readonly labels: Labels
  readonly counts: number[]
  readonly exemplars: (Exemplar | undefined)[] = []
  readonly #buckets: readonly number[]
  sum = 0

  constructor(labels: Labels, buckets: readonly number[]) {
    this.labels = labels
    this.#buckets = buckets
    this.counts = Array.from({ length: buckets.length + 1 }, () => 0)
  }

  /** @param exemplar - labels such as `{ run }`, of at most 128 characters together */
  observe(value: number, exemplar?: Labels): void {
    const buckets = this.#buckets
    let at = 0
    while (at < buckets.length && value > (buckets[at] as number)) at++
    this.counts[at] = (this.counts[at] as number) + 1
    this.sum += value
    if (exemplar) this.exemplars[at] = { labelSet: exemplar, value, timestamp: Date.now() / 1_000 }
  }
}

export class Distribution {
  readonly name: string
  readonly help: string
  readonly type = 'histogram'
  readonly aggregator = 'sum'
  readonly #buckets: readonly number[]
  readonly #series = new Map<string, DistributionSeries>()

  constructor({ name, help, buckets, registry }: DistributionOptions) {
    this.name = name
    this.help = help
    this.#buckets = buckets
    registry.registerMetric(this as unknown as Metric<never>)
  }

  /** The same series for the same labels in the same order: to be kept by code that observes often. */
  of(labels: Labels): DistributionSeries {
    const key = JSON.stringify(labels)
    let series = this.#series.get(key)
    if (!series) this.#series.set(key, (series = new DistributionSeries(labels, this.#buckets)))
    return series
  }

  /** For prom-client's registry, as are `get`, `type` and `aggregator`. */
  reset(): void {
    this.#series.clear()
  }

  get(): Promise<object> {
    const { name, help, type, aggregator } = this
    const values = [...this.#series.values()].flatMap((series) => this.#valuesOf(series))
    return Promise.resolve({ name, help, type, values, aggregator })
  }

  #valuesOf({ labels, counts, exemplars, sum }: DistributionSeries): object[] {
    let count = 0
    const buckets = counts.map((each, at) => ({
      labels: { le: this.#buckets[at] ?? '+Inf', ...labels },
      value: (count += each),
      metricName: `${this.name}_bucket`,
      exemplar: exemplars[at] ?? null,
    }))
    return [
      ...buckets,
      { labels, value: sum, metricName: `${this.name}_sum` },
      { labels, value: count, metricName: `${this.name}_count` },
    ]
  }
}
