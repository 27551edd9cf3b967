import { Counter, Gauge, Registry } from 'prom-client'
import { expect, it } from 'vitest'
import type { MetricsSnapshot } from '../../../runtime/process/messages.ts'
import { expose } from '../../../runtime/process/exposition.ts'
import { createSnapshots } from '../../../runtime/process/snapshots.ts'

async function snapshotOf(runs: number, active: number): Promise<MetricsSnapshot> {
  const registry = new Registry()
  new Counter({ name: 'sluice_runs_total', help: 'h', registers: [registry] }).inc(runs)
  new Gauge({ name: 'sluice_active', help: 'h', registers: [registry] }).set(active)
  return registry.getMetricsAsJSON()
}

it('adds up the workers; of a dead one the counters stay and the gauges go', async () => {
  const snapshots = createSnapshots()
  const [first, second, third, silent] = Array.from({ length: 4 }, () => snapshots.open())
  first?.keep(await snapshotOf(5, 2))
  second?.keep(await snapshotOf(3, 1))
  expect(await expose(snapshots.all())).toMatch(/sluice_runs_total 8\n[^]*sluice_active 3\n/)
  await first?.retire()
  expect(await expose(snapshots.all())).toMatch(/sluice_runs_total 8\n[^]*sluice_active 1\n/)
  third?.keep(await snapshotOf(1, 0))
  await second?.retire()
  await silent?.retire()
  expect(await expose(snapshots.all())).toMatch(/sluice_runs_total 9\n[^]*sluice_active 0\n/)
})

it('loses nothing when many end at once, and nobody sees less meanwhile', async () => {
  const snapshots = createSnapshots()
  const sources = Array.from({ length: 5 }, () => snapshots.open())
  for (const source of sources) source.keep(await snapshotOf(1, 0))
  let isOver = false
  const over = Promise.all(sources.map((source) => source.retire())).then(() => (isOver = true))
  while (!isOver) {
    const seen = snapshots.all()
    expect(await expose(seen)).toMatch(/sluice_runs_total 5\n/)
  }
  await over
  expect(await expose(snapshots.all())).toMatch(/sluice_runs_total 5\n/)
})

it('counts a process once that is heard after its end', async () => {
  const snapshots = createSnapshots()
  const source = snapshots.open()
  source.keep(await snapshotOf(5, 1))
  const retired = source.retire()
  source.keep(await snapshotOf(5, 1))
  await retired
  source.keep(await snapshotOf(5, 1))
  expect(await expose(snapshots.all())).toMatch(/sluice_runs_total 5\n/)
})
