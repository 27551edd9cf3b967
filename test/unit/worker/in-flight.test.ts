import { describe, expect, it } from 'vitest'
import { defineFunction } from '../../../runtime/function.ts'
import type { Claim } from '../../../runtime/queue/run.ts'
import { createInFlight } from '../../../runtime/worker/in-flight.ts'
import { AttemptAborted } from '../../../runtime/worker/attempt/outcome.ts'

const LEASE_MS = 30_000
const slow = defineFunction(
  { name: 'slow', version: '1', on: { bucket: 'incoming' }, timeout: '10m', stallTimeout: '60s' },
  (c) => c.json({}),
)
const claimOf = (runId: string, lane = 'live') => ({ runId, lane }) as Claim

/** Attempts on a clock that the test turns. */
function onClock() {
  const clock = { ms: 0 }
  const inFlight = createInFlight(LEASE_MS, () => clock.ms)
  const attempt = inFlight.add(claimOf('a'), slow)
  /** Goes on to `ms`, renewed and active all the way but for what the test leaves out. */
  const goTo = (ms: number, { renewed = true, active = true } = {}) => {
    for (; clock.ms < ms; clock.ms += 1_000) {
      if (renewed) inFlight.renewed(attempt, clock.ms)
      if (active) attempt.active()
      inFlight.watch()
    }
    return (attempt.signal.reason as AttemptAborted | undefined)?.why
  }
  return { inFlight, attempt, goTo }
}

describe('watch', () => {
  it('lets an attempt go on that renews its lease and moves', () => {
    expect(onClock().goTo(600_000)).toBeUndefined()
  })

  it('ends an attempt after the timeout, however much it moves', () => {
    expect(onClock().goTo(603_000)).toBe('timeout')
  })

  it('ends an attempt in which nothing moves', () => {
    const { goTo } = onClock()
    expect(goTo(60_000, { active: false })).toBeUndefined()
    expect(goTo(63_000, { active: false })).toBe('stalled')
  })

  it('gives an attempt up before its lease can run out', () => {
    const { goTo } = onClock()
    expect(goTo(24_000, { renewed: false })).toBeUndefined()
    expect(goTo(26_000, { renewed: false })).toBe('released')
  })

  it('keeps the first reason', () => {
    const { inFlight, attempt, goTo } = onClock()
    inFlight.abort(attempt, 'cancelled', 'asked')
    expect(goTo(700_000)).toBe('cancelled')
  })
})

it('knows how many attempts of a function go on, and for how long one that may kill gets no company', () => {
  let nowMs = 0
  const inFlight = createInFlight(LEASE_MS, () => nowMs)
  const first = inFlight.add(claimOf('a'), slow)
  expect([inFlight.size, inFlight.count('slow'), inFlight.count('other'), inFlight.isAlone]).toEqual([
    1,
    1,
    0,
    false,
  ])
  inFlight.add(claimOf('b', 'solo'), slow)
  nowMs = 59_999
  expect(inFlight.isAlone).toBe(true)
  nowMs = 60_000
  expect(inFlight.isAlone).toBe(false)
  inFlight.delete(first)
  expect([inFlight.size, inFlight.find('a'), inFlight.find('b')?.claim.runId]).toEqual([1, undefined, 'b'])
})
