import { describe, expect, it } from 'vitest'
import type { Claim } from '../../../../runtime/queue/run.ts'
import { isFresh } from '../../../../runtime/worker/attempt/attempt.ts'

const claim = {
  trigger: 'upload',
  fence: '1',
  claimedAtMs: 1_000_000,
  payload: { lastModifiedMs: 999_000 },
} as Claim

describe('a run that is fresh, so that no result of its upload is looked for', () => {
  it('is the first try of what was uploaded a moment ago, also by clocks that differ a little', () => {
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
