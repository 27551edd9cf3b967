import { expect, it } from 'vitest'
import { createStreamsGauge } from '../../runtime/api/streams-gauge.ts'
import { createKeys } from '../../runtime/queue/keys.ts'
import { createStreamStore } from '../../runtime/queue/streams.ts'
import { createMetrics } from '../../runtime/telemetry/metrics.ts'
import { useRedis } from '../helpers/queue.ts'
import { waitFor } from '../helpers/wait.ts'

const used = useRedis()
const LEASE_MS = 500
const sender = { session: 's', door: 'pull', peer: 'p', takesOver: false } as const

it('counts streams by state, and a wanted one as away when nothing comes, also when its receiver is silent', async () => {
  const streams = createStreamStore(used.redis, createKeys('sluice'), LEASE_MS)
  const { registry } = createMetrics()
  const read = createStreamsGauge({ streams, registry })
  const counts = async () => {
    await read()
    const metric = (await registry.getMetricsAsJSON()).find(({ name }) => name === 'sluice_streams')
    return Object.fromEntries(metric?.values.map(({ labels, value }) => [labels['state'], value]) ?? [])
  }
  expect(await counts()).toEqual({ live: 0, waiting: 0, away: 0 })

  const record = (url: string) =>
    JSON.stringify({ schema: 1, revision: 1, keys: [], wanted: { url, sinceMs: 1 } })
  for (const name of ['cam1', 'cam2']) await streams.setRecord(name, record('rtsp://192.0.2.1/'), '')
  await streams.claim('cam1', { ...sender, token: 't1' })
  await streams.claim('pushed', { ...sender, token: 't2' })
  const numbers = {
    pieces: 0,
    seconds: 0,
    sizeBytes: 0,
    droppedSeconds: 0,
    gapSeconds: 0,
    gaps: 0,
    spoolBytes: 0,
  }
  await streams.beat('pushed', 't2', { state: 'waiting', numbers })
  expect(await counts()).toEqual({ live: 1, waiting: 1, away: 1 })

  await waitFor(async () => (await counts())['live'] === 0, { what: 'end of the lease', timeoutMs: 10_000 })
  expect(await counts()).toEqual({ live: 0, waiting: 1, away: 2 })
})
