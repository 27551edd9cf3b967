import { describe, expect, it } from 'vitest'
import type { Claim } from '../../../../runtime/queue/run.ts'
import { afterAbort, isFresh } from '../../../../runtime/worker/attempt/attempt.ts'
import { type Outcome } from '../../../../runtime/worker/attempt/outcome.ts'
import { AttemptAborted } from '../../../../runtime/worker/in-flight.ts'

const claim = {
  trigger: 'upload',
  fence: '1',
  claimedAtMs: 1_000_000,
  payload: { lastModifiedMs: 999_000 },
} as Claim

describe('a fresh run, for whose upload no result is looked for', () => {
  it('is the first attempt at a recent upload, also by clocks that differ a little', () => {
    expect(isFresh(claim)).toBe(true)
    expect(isFresh({ ...claim, claimedAtMs: 998_000 })).toBe(true)
  })

  it.each([
    ['was tried before', { fence: '2' }],
    ['was asked for', { trigger: 'reprocess' }],
    ['was found by the sweep', { trigger: 'sweep' }],
    ['has waited', { claimedAtMs: 1_009_000 }],
  ] as const)('is none that %s', (_, differences) => {
    expect(isFresh({ ...claim, ...differences })).toBe(false)
  })
})

describe('an attempt that was ended', () => {
  const reason = new AttemptAborted('timeout', 'it took too long')

  it('ends with that reason, whatever its handler returned, and keeps further details of the reason', () => {
    const failed: Outcome = { kind: 'retry', why: 'failed', error: 'the pipe broke', lines: [] }
    expect(afterAbort(failed, reason)).toMatchObject({ why: 'timeout', error: 'it took too long' })
    const ignored: Outcome = {
      kind: 'retry',
      why: 'timeout',
      error: 'it took too long, and did not stop',
      lines: [],
    }
    expect(afterAbort(ignored, reason)).toBe(ignored)
  })

  it('has succeeded when its result is committed all the same', () => {
    const succeeded: Outcome = { kind: 'succeeded', result: '{}' }
    expect(afterAbort(succeeded, reason)).toBe(succeeded)
  })
})
