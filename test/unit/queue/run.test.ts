import { describe, expect, it } from 'vitest'
import { retryDelayMs } from '../../../runtime/queue/run.ts'

const policy = { maxAttempts: 5, firstDelayMs: 1_000, maxDelayMs: 300_000 }

describe('retryDelayMs', () => {
  it.each([
    { name: 'the ceiling after the first attempt', attempt: 1, random: 1, expected: 1_000 },
    { name: 'it doubles', attempt: 4, random: 1, expected: 8_000 },
    { name: 'it has a limit', attempt: 30, random: 1, expected: 300_000 },
    { name: 'full jitter begins at nothing', attempt: 4, random: 0, expected: 0 },
    { name: 'and is even between', attempt: 4, random: 0.5, expected: 4_000 },
  ])('$name', ({ attempt, random, expected }) => {
    expect(retryDelayMs(policy, attempt, () => random)).toBe(expected)
  })
})
