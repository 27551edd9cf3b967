import { describe, expect, it } from 'vitest'
import { agoText, clockText, countText, spanText, stateText } from '../../../runtime/console/words.ts'
import { RUN_STATES } from '../../../runtime/queue/run.ts'

it.each([
  [-5, '0 ms'],
  [850, '850 ms'],
  [4_240, '4.2 s'],
  [9_960, '10 s'],
  [59_600, '1 min'],
  [190_000, '3 min 10 s'],
  [7_500_000, '2 h 5 min'],
  [273_600_000, '3 d 4 h'],
])('a span of %i ms is %s', (ms, text) => expect(spanText(ms)).toBe(text))

describe('a time', () => {
  const at = '2026-01-02T03:04:05.000Z'
  it.each([
    [0, 'just now'],
    [12_000, '12 s ago'],
    [59_999, '59 s ago'],
    [90_000, '1 min ago'],
    [47 * 3_600_000, '47 h ago'],
    [73 * 3_600_000, '3 d ago'],
    [-3_000, 'in a moment'],
    [-240_000, 'in 4 min'],
  ])('%i ms before is %s', (ageMs, text) => expect(agoText(at, Date.parse(at) + ageMs)).toBe(text))
})

it('counts and positions are short', () => {
  expect([countText(9_999), countText(12_345)]).toEqual(['9,999', '12.3K'])
  expect([clockText(247.9), clockText(3_723)]).toEqual(['4:07', '1:02:03'])
})

it('every state of a run has a word of its own', () => {
  const words = RUN_STATES.map(stateText)
  expect(new Set(words).size).toBe(RUN_STATES.length)
  expect(words.filter((word) => (RUN_STATES as readonly string[]).includes(word))).toEqual([])
})
