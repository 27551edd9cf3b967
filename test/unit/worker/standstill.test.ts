import { describe, expect, it } from 'vitest'
import { createStandstillWatch, kindOf, type Usage } from '../../../runtime/worker/standstill.ts'

describe('what an event loop did while it stood still', () => {
  it.each([
    { name: 'computed', used: { cpuMs: 7_500, waitedMs: 100 }, kind: 'busy' },
    { name: 'computed, as far as the machine let it', used: { cpuMs: 1_000, waitedMs: 6_900 }, kind: 'busy' },
    { name: 'waited for its turn on the machine', used: { cpuMs: 200, waitedMs: 7_700 }, kind: 'starved' },
    { name: 'waited in a call', used: { cpuMs: 10, waitedMs: 5 }, kind: 'asleep' },
    { name: 'waited, where nobody says for what', used: { cpuMs: 10, waitedMs: undefined }, kind: 'asleep' },
  ] as const)('$name: $kind', ({ used, kind }) => {
    expect(kindOf(8_000, used)).toBe(kind)
  })
})

it('is measured by a timer that fires late, for the period in question', () => {
  const clock = { ms: 0 }
  const used: { cpuMs: number; waitedMs: number } = { cpuMs: 0, waitedMs: 0 }
  const watch = createStandstillWatch({
    everyMs: 250,
    now: () => clock.ms,
    usage: (): Usage => ({ ...used }),
  })
  const go = (ms: number, cpuMs: number) => {
    clock.ms += ms
    used.cpuMs += cpuMs
    watch.sample()
  }
  for (let tick = 0; tick < 8; tick++) go(250, 5)
  expect(watch.since(0).ms).toBe(0)
  go(8_000, 7_900)
  expect(watch.since(0)).toEqual({ ms: 8_000, kind: 'busy' })
  expect(watch.since(7_000)).toEqual({ ms: 3_000, kind: 'busy' })
  go(250, 5)
  expect(watch.since(10_000)).toMatchObject({ ms: 0 })
})

it('sees this process stand still', () => {
  const watch = createStandstillWatch({ everyMs: 10 })
  const beganMs = performance.now()
  while (performance.now() < beganMs + 1_300);
  watch.sample()
  expect(watch.since(beganMs).ms).toBeGreaterThan(1_000)
})
