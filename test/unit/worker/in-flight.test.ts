import { describe, expect, it } from 'vitest'
import { defineFunction } from '../../../runtime/function/definition.ts'
import type { Claim } from '../../../runtime/queue/run.ts'
import {
  createInFlight,
  judgeStandstill,
  type LeaseLostHere,
  AttemptAborted,
} from '../../../runtime/worker/in-flight.ts'

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
      inFlight.watchLeases(() => ({ ms: 0, kind: 'busy' }), 0)
      inFlight.watch()
    }
    return (attempt.signal.reason as AttemptAborted | undefined)?.why
  }
  return { inFlight, attempt, goTo }
}

describe('watch', () => {
  it('keeps an attempt running that renews its lease and makes progress', () => {
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

  it('says the same by the signal, whether that was asked for before or after', () => {
    const { inFlight, attempt } = onClock()
    const late = inFlight.add(claimOf('b'), slow)
    const { signal } = attempt
    expect([signal.aborted, attempt.aborted]).toEqual([false, undefined])
    inFlight.abortAll('released', 'stopping')
    for (const each of [attempt, late]) {
      expect(each.signal.reason).toBe(each.aborted)
      expect(each.aborted).toMatchObject({ why: 'released', message: 'stopping' })
    }
    expect(attempt.signal).toBe(signal)
  })
})

it('knows how many attempts of a function are in progress, and for how long a suspect runs alone', () => {
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

describe('a lease that ran out while the worker’s own event loop stood still', () => {
  const lost: LeaseLostHere = { ms: 8_000, kind: 'busy', leaseMs: 5_000, isOnly: true, isSolo: false }

  it.each([
    { name: 'is counted for a handler that computed alone', of: lost, why: 'blocked' },
    {
      name: 'is counted for nobody beside others: they run alone next',
      of: { ...lost, isOnly: false },
      why: 'isolated',
    },
    {
      name: 'is counted for a run that was to be alone',
      of: { ...lost, isOnly: false, isSolo: true },
      why: 'blocked',
    },
    {
      name: 'may have been a stopped process the first time',
      of: { ...lost, kind: 'asleep' },
      why: 'isolated',
    },
    {
      name: 'was none when it happens again, alone',
      of: { ...lost, kind: 'asleep', isSolo: true },
      why: 'blocked',
    },
    {
      name: 'is nobody’s fault on a machine without CPU',
      of: { ...lost, kind: 'starved', isSolo: true },
      why: 'released',
    },
  ] as const)('$name', ({ of, why }) => {
    expect(judgeStandstill(of).why).toBe(why)
    expect(judgeStandstill(of).message).toContain('event loop of its worker stood still for 8 s')
  })

  it('ends each attempt with that reason, and with Redis as the reason when the loop turned', () => {
    const clock = { ms: 0 }
    const inFlight = createInFlight(LEASE_MS, () => clock.ms)
    const attempts = ['a', 'b'].map((id) => inFlight.add(claimOf(id), slow))
    clock.ms = 25_000
    inFlight.watchLeases(() => ({ ms: 24_000, kind: 'busy' }), 0)
    expect(attempts.map(({ signal }) => (signal.reason as AttemptAborted).why)).toEqual([
      'isolated',
      'isolated',
    ])
    const alone = createInFlight(LEASE_MS, () => clock.ms)
    const first = alone.add(claimOf('c'), slow)
    clock.ms = 50_000
    alone.watchLeases(() => ({ ms: 1_000, kind: 'busy' }), 0)
    expect(first.signal.reason).toMatchObject({
      why: 'released',
      message: expect.stringContaining('redis was away'),
    })
  })

  it('is counted for no run while a handler that ignores its signal is still running', () => {
    const clock = { ms: 0 }
    const inFlight = createInFlight(LEASE_MS, () => clock.ms)
    const attempt = inFlight.add(claimOf('a'), slow)
    clock.ms = 25_000
    inFlight.watchLeases(() => ({ ms: 24_000, kind: 'busy' }), 1)
    expect(attempt.signal.reason).toMatchObject({ why: 'isolated' })
  })
})
