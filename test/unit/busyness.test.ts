import { expect, it } from 'vitest'
import { busyness, stretched } from '../../runtime/busyness.ts'

it.each([
  { name: 'an idle machine', load: 0.3, processors: 2, expected: 1 },
  { name: 'one that does what it can', load: 2, processors: 2, expected: 1 },
  { name: 'one with three for each processor', load: 6, processors: 2, expected: 3 },
  { name: 'one beyond everything', load: 400, processors: 2, expected: 10 },
  { name: 'a system that tells no load', load: 0, processors: 8, expected: 1 },
])('$name makes things take $expected times as long', ({ load, processors, expected }) => {
  expect(busyness(load, processors)).toBe(expected)
})

it('never makes a wait shorter', () => {
  expect(stretched(5_000)).toBeGreaterThanOrEqual(5_000)
})
