import { Histogram, openMetricsContentType, Registry, type OpenMetricsContentType } from 'prom-client'
import { expect, it } from 'vitest'
import { createMetrics } from '../../../runtime/telemetry/metrics.ts'
import type { MetricsSnapshot } from '../../../runtime/process/messages.ts'
import { expose } from '../../../runtime/process/exposition.ts'

async function snapshotOf(run: string, seconds: number): Promise<MetricsSnapshot> {
  const { registry, duration, retries } = createMetrics()
  retries.inc({ function: 'cut' })
  duration.of({ function: 'cut', status: 'success' }).observe(seconds, { run })
  // As it comes over the channel between processes.
  return JSON.parse(JSON.stringify(await registry.getMetricsAsJSON())) as MetricsSnapshot
}

it('names a run of each bucket in OpenMetrics, and sums as in plain text', async () => {
  const snapshots = [await snapshotOf('a'.repeat(32), 0.2), await snapshotOf('b'.repeat(32), 20)]
  const text = await expose(snapshots, 'openmetrics')
  expect(text).toMatch(
    /^sluice_function_duration_seconds_bucket\{le="0.25",function="cut",status="success"\} 1 # \{run="a{32}"\} 0.2 \d+(\.\d+)?$/m,
  )
  expect(text).toMatch(/^sluice_function_duration_seconds_bucket\{le="30".*\} 2 # \{run="b{32}"\} 20 /m)
  expect(text).toMatch(/^# TYPE sluice_function_retries counter$/m)
  expect(text).toMatch(/^sluice_function_retries_total\{function="cut"\} 2$/m)
  expect(text).not.toContain('_total_total')
  expect(text.endsWith('\n# EOF\n')).toBe(true)
})

it('has no exemplars and the same counters in plain text', async () => {
  const text = await expose([await snapshotOf('a'.repeat(32), 0.2)])
  expect(text).toMatch(/^sluice_function_retries_total\{function="cut"\} 1$/m)
  expect(text).toMatch(/^sluice_function_duration_seconds_count\{function="cut",status="success"\} 1$/m)
  expect(text).not.toContain(' # {')
})

it('keeps the newest exemplar of a bucket, whichever process it is of', async () => {
  const of = async (run: string, timestamp: number): Promise<MetricsSnapshot> => {
    const registry = new Registry<OpenMetricsContentType>()
    registry.setContentType(openMetricsContentType)
    const options = { name: 'seconds', help: 'h', buckets: [1], enableExemplars: true }
    new Histogram<'run'>({ ...options, registers: [registry] }).observe({
      value: 0.5,
      exemplarLabels: { run },
    })
    const snapshot = (await registry.getMetricsAsJSON()) as MetricsSnapshot
    for (const value of snapshot[0]?.values ?? []) {
      if ('exemplar' in value && value.exemplar) Object.assign(value.exemplar, { timestamp })
    }
    return snapshot
  }
  for (const order of [
    [1, 2],
    [2, 1],
  ]) {
    const text = await expose(await Promise.all(order.map((at) => of(`run-${at}`, at))), 'openmetrics')
    expect(text).toMatch(/le="1"\} 2 # \{run="run-2"\} 0.5 2$/m)
  }
})

it('lets the process that lags most speak for the event loop', async () => {
  const lagging = await snapshotOf('a', 1)
  for (const metric of lagging) {
    if (metric.name === 'nodejs_eventloop_lag_p99_seconds') metric.values = [{ labels: {}, value: 7 }]
  }
  const text = await expose([await snapshotOf('b', 1), lagging, await snapshotOf('c', 1)])
  expect(text).toMatch(/^nodejs_eventloop_lag_p99_seconds 7$/m)
})
