import { expect, it } from 'vitest'
import { pullBackoffMs } from '../../../../../runtime/reception/doors/pull/backoff.ts'

it('doubles the wait from 1 s to 30 s, less up to a quarter by chance', () => {
  const waits = [0, 1, 2, 3, 4, 5, 6, 7, 1_000].map((failures) => pullBackoffMs(failures, 0))
  expect(waits).toEqual([1_000, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000])
  expect(pullBackoffMs(6, 1)).toBe(22_500)
})
