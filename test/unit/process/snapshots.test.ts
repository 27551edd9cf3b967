import { Counter, Gauge, Registry } from 'prom-client'
import { expect, it } from 'vitest'
import type { MetricsSnapshot } from '../../../runtime/process/messages.ts'
import { createSnapshots, expose } from '../../../runtime/process/snapshots.ts'

async function snapshotOf(runs: number, active: number): Promise<MetricsSnapshot> {
  const registry = new Registry()
  new Counter({ name: 'sluice_runs_total', help: 'h', registers: [registry] }).inc(runs)
  new Gauge({ name: 'sluice_active', help: 'h', registers: [registry] }).set(active)
  return registry.getMetricsAsJSON()
}

it('adds up the workers; of a dead one the counters stay and the gauges go', async () => {
  const snapshots = createSnapshots()
  snapshots.keep(1, await snapshotOf(5, 2))
  snapshots.keep(2, await snapshotOf(3, 1))
  expect(await expose(snapshots.all())).toMatch(/sluice_runs_total 8\n[^]*sluice_active 3\n/)
  await snapshots.retire(1)
  expect(await expose(snapshots.all())).toMatch(/sluice_runs_total 8\n[^]*sluice_active 1\n/)
  snapshots.keep(3, await snapshotOf(1, 0))
  await snapshots.retire(2)
  await snapshots.retire(99)
  expect(await expose(snapshots.all())).toMatch(/sluice_runs_total 9\n[^]*sluice_active 0\n/)
})
