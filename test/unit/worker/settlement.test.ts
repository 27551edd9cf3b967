import { describe, expect, it } from 'vitest'
import { defineFunction } from '../../../runtime/function/definition.ts'
import type { Claim } from '../../../runtime/queue/run.ts'
import { settlementOf } from '../../../runtime/worker/settlement.ts'
import type { Outcome } from '../../../runtime/worker/attempt/outcome.ts'

const retry = { attempts: 3, first: '1s', max: '5s' }
const definition = defineFunction({ name: 'cut', version: '1', on: { bucket: 'incoming' }, retry }, (c) =>
  c.json({}),
)
const claim = { runId: 'a', fence: '2', token: 't', attempts: 1 } as Claim
const settle = (outcome: Outcome) => settlementOf({ claim, definition }, outcome)

describe('settlementOf', () => {
  it.each<{ outcome: Outcome; expected: object }>([
    { outcome: { kind: 'succeeded', result: '{}' }, expected: { kind: 'complete', result: '{}' } },
    {
      outcome: { kind: 'permanent', error: 'no', lines: ['x', 'y'] },
      expected: { kind: 'bury', error: 'no', lines: 'x\ny' },
    },
    {
      outcome: { kind: 'retry', why: 'failed', error: 'e', lines: [], delayMs: 7 },
      expected: { kind: 'fail', delayMs: 7, maxAttempts: 3 },
    },
    { outcome: { kind: 'released', reason: 'drain' }, expected: { kind: 'release', delayMs: 0 } },
    { outcome: { kind: 'isolated', reason: 'blocked' }, expected: { kind: 'isolate', reason: 'blocked' } },
    { outcome: { kind: 'superseded', reason: 'newer' }, expected: { kind: 'superseded' } },
    { outcome: { kind: 'source-gone', reason: 'gone' }, expected: { kind: 'source-gone' } },
    { outcome: { kind: 'cancelled', reason: 'asked' }, expected: { kind: 'cancelled' } },
  ])('$outcome.kind', ({ outcome, expected }) => {
    expect(settle(outcome)).toMatchObject({ runId: 'a', fence: '2', token: 't', ...expected })
  })

  it('draws the delay of a retry from the policy when the handler named none', () => {
    const settlement = settle({ kind: 'retry', why: 'failed', error: 'e', lines: [] })
    expect(settlement).toMatchObject({ kind: 'fail', delayMs: expect.any(Number) })
    expect((settlement as { delayMs: number }).delayMs).toBeLessThanOrEqual(2_000)
  })

  it.each([
    { delayMs: NaN, expected: 0 },
    { delayMs: -5, expected: 0 },
    { delayMs: Infinity, expected: 86_400_000 },
    { delayMs: 1e300, expected: 86_400_000 },
  ])('waits $expected ms when a handler asks for $delayMs', ({ delayMs, expected }) => {
    expect(settle({ kind: 'retry', why: 'failed', error: 'e', lines: [], delayMs })).toMatchObject({
      delayMs: expected,
    })
  })

  it('counts nothing while the store is away, until that has lasted for a day', () => {
    const away: Outcome = { kind: 'released', reason: 'the store is away', delayMs: 5_000 }
    const claimed = (claimedAtMs: number) =>
      settlementOf({ claim: { ...claim, createdAtMs: 0, claimedAtMs }, definition }, away)
    expect(claimed(3_600_000)).toMatchObject({ kind: 'release', delayMs: 5_000 })
    expect(claimed(90_000_000)).toMatchObject({ kind: 'fail', error: 'the store is away' })
  })

  it('says nothing of a run that another worker has', () => {
    expect(settle({ kind: 'lost', reason: 'taken' })).toBeUndefined()
  })
})
