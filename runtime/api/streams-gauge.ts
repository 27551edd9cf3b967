/** The number of streams by state, read from Redis for each scrape. Every replica reports the same: dashboards take the maximum. @module */
import { Gauge } from 'prom-client'
import type { StreamStore } from '../queue/streams.ts'
import type { RuntimeMetrics } from '../telemetry/metrics.ts'

export interface StreamsGaugeParts {
  readonly streams: Pick<StreamStore, 'leaseMs' | 'silent' | 'list' | 'wanted'>
  readonly registry: RuntimeMetrics['registry']
}

/** Adds the gauge to `registry` and returns a function that updates it. While Redis does not answer it is left out. */
export function createStreamsGauge({ streams, registry }: StreamsGaugeParts): () => Promise<void> {
  const gauge = new Gauge({
    name: 'sluice_streams',
    help: 'Streams by state: live, waiting for their sender, and away: a pull is wanted and nothing comes.',
    labelNames: ['state'],
    registers: [registry],
  })
  return async () => {
    gauge.reset()
    const [active, wanted, lost] = await Promise.all([
      streams.list(),
      streams.wanted(),
      streams.silent(streams.leaseMs),
    ])
    // The receiver of such a stream is lost: nothing comes, whatever the stream's state was.
    const silent = new Set(lost.map(({ name }) => name))
    const live = active.filter(({ name, state }) => state === 'live' && !silent.has(name))
    const names = new Set(live.map(({ name }) => name))
    gauge.set({ state: 'live' }, live.length)
    gauge.set({ state: 'waiting' }, active.filter(({ state }) => state === 'waiting').length)
    gauge.set({ state: 'away' }, [...wanted.keys()].filter((name) => !names.has(name)).length)
  }
}
