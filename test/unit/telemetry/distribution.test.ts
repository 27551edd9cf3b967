import { Histogram, openMetricsContentType, prometheusContentType, Registry } from 'prom-client'
import { expect, it } from 'vitest'
import { Distribution } from '../../../runtime/telemetry/distribution.ts'

const BUCKETS = [0.05, 0.5, 1]
const OBSERVED = [
  ['a', 'success', 0.05],
  ['a', 'success', 0.051],
  ['a', 'failure', 7],
  ['b', 'success', 0.3],
  ['b', 'success', 0.4],
] as const

const about = { name: 'run_seconds', help: 'How long a run took.' }

/** The same observations in prom-client's histogram and in ours. */
function both(contentType: typeof openMetricsContentType | typeof prometheusContentType) {
  const [theirs, ours] = [new Registry(), new Registry()] as [Registry, Registry]
  for (const each of [theirs, ours]) each.setContentType(openMetricsContentType as never)
  const histogram = new Histogram<'function' | 'status' | 'run'>({
    ...about,
    labelNames: ['function', 'status'],
    buckets: BUCKETS,
    enableExemplars: true,
    registers: [theirs],
  })
  const distribution = new Distribution({ ...about, buckets: BUCKETS, registry: ours as never })
  histogram.zero({ function: 'c', status: 'success' })
  distribution.of({ function: 'c', status: 'success' })
  for (const [name, status, value] of OBSERVED) {
    const labels = { function: name, status }
    const exemplarLabels = { run: `${name} ${value}` }
    histogram.observe({ labels, value, exemplarLabels })
    distribution.of(labels).observe(value, exemplarLabels)
  }
  for (const each of [theirs, ours]) each.setContentType(contentType as never)
  return { theirs, ours }
}

/** The times of exemplars differ. */
const timeless = (text: string) => text.replaceAll(/(# \{.*\} \S+) [\d.]+$/gm, '$1 T')

it.each([openMetricsContentType, prometheusContentType])(
  'a distribution is exposed as prom-client’s histogram with the same observations, in %s',
  async (contentType) => {
    const { theirs, ours } = both(contentType)
    const text = timeless(await ours.metrics())
    expect(text).toBe(timeless(await theirs.metrics()))
    expect(text.includes('{run="b 0.4"} 0.4 T')).toBe(contentType === openMetricsContentType)
  },
)

it('its values are those that the sum over processes is made of', async () => {
  const { theirs, ours } = both(openMetricsContentType)
  // No exemplar is null or undefined there; times differ.
  const plain = (json: unknown) =>
    JSON.parse(JSON.stringify(json), (name, value: unknown) =>
      name === 'timestamp' ? 0 : (value ?? undefined),
    ) as unknown
  expect(plain(await ours.getMetricsAsJSON())).toEqual(plain(await theirs.getMetricsAsJSON()))
})

it('is empty after a reset', async () => {
  const { ours } = both(prometheusContentType)
  ours.resetMetrics()
  expect(await ours.metrics()).not.toContain('run_seconds_count')
})
