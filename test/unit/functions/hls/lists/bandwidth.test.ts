import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { averageBitRate, peakBitRate, targetSecondsOf } from '../../../../../functions/hls/lists/bandwidth.ts'

const segment = fc.record({
  sizeBytes: fc.integer({ min: 1, max: 1_000_000 }),
  seconds: fc.double({ min: 0.1, max: 12, noNaN: true }),
})

describe('the bit rates of a playlist', () => {
  test('the peak is the highest of all runs of half to one and a half times the target', () => {
    fc.assert(
      fc.property(
        fc.array(segment, { minLength: 1, maxLength: 12 }),
        fc.integer({ min: 1, max: 10 }),
        (segments, target) => {
          const runs = segments.flatMap((_, from) =>
            segments.slice(from).map((_, length) => segments.slice(from, from + length + 1)),
          )
          const rates = runs.flatMap((run) => {
            const seconds = run.reduce((sum, each) => sum + each.seconds, 0)
            const bytes = run.reduce((sum, each) => sum + each.sizeBytes, 0)
            return seconds >= 0.5 * target && seconds <= 1.5 * target ? [(bytes * 8) / seconds] : []
          })
          const single = segments.map(({ sizeBytes, seconds }) => (sizeBytes * 8) / seconds)
          expect(peakBitRate(segments, target)).toBe(
            Math.ceil(Math.max(...(rates.length > 0 ? rates : single))),
          )
        },
      ),
    )
  })

  test('the average is of all bytes and seconds', () => {
    const segments = [
      { sizeBytes: 1_000, seconds: 1 },
      { sizeBytes: 3_000, seconds: 3 },
    ]
    expect(averageBitRate(segments)).toBe(8_000)
  })

  test('the target is the longest segment, rounded, and at least a second', () => {
    expect(
      targetSecondsOf([
        { sizeBytes: 1, seconds: 6.49 },
        { sizeBytes: 1, seconds: 5.6 },
      ]),
    ).toBe(6)
    expect(targetSecondsOf([{ sizeBytes: 1, seconds: 0.2 }])).toBe(1)
  })
})
