import { expect, it } from 'vitest'
import { nextBackoffMs } from '../../../runtime/process/backoff.ts'

it.each([
  { name: 'begins short', backoffMs: undefined, servedMs: undefined, expectedMs: 500 },
  { name: 'doubles for who cannot start', backoffMs: 500, servedMs: undefined, expectedMs: 1_000 },
  { name: 'ends at 30 s', backoffMs: 20_000, servedMs: undefined, expectedMs: 30_000 },
  { name: 'stays short for who served for a moment', backoffMs: 2_000, servedMs: 10, expectedMs: 2_000 },
  { name: 'begins again for who served', backoffMs: 30_000, servedMs: 2_001, expectedMs: 500 },
])('$name', ({ backoffMs, servedMs, expectedMs }) => {
  expect(nextBackoffMs({ backoffMs, servedMs })).toBe(expectedMs)
})
