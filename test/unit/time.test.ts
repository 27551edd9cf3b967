import { describe, expect, it } from 'vitest'
import { batchesOf, parseSizeBytes } from '../../runtime/amounts.ts'
import { busyness, parseDurationMs, sleep, stretched } from '../../runtime/time.ts'

describe('durations and sizes', () => {
  it.each([
    ['500ms', 500],
    ['1.5s', 1_500],
    ['5m', 300_000],
    ['2h', 7_200_000],
    ['7d', 604_800_000],
  ])('%s', (text, expected) => {
    expect(parseDurationMs(text)).toBe(expected)
  })

  it.each([
    ['0B', 0],
    ['64MiB', 67_108_864],
    ['50GiB', 53_687_091_200],
  ])('%s', (text, bytes) => {
    expect(parseSizeBytes(text)).toBe(bytes)
  })

  it.each(['', '5', 'h', '-1s', '1 year', '5GB'])('"%s" is refused with what is valid', (text) => {
    expect(() => parseDurationMs(text)).toThrow(/write a number followed by/)
    expect(() => parseSizeBytes(text)).toThrow(/write a number followed by/)
  })
})

it('an aborted sleep ends at once, also when it was aborted before', async () => {
  const controller = new AbortController()
  const slept = sleep(60_000, controller.signal)
  controller.abort()
  await expect(slept).resolves.toBeUndefined()
  await expect(sleep(60_000, controller.signal)).resolves.toBeUndefined()
})

it.each([
  { name: 'an idle machine', load: 0.3, processors: 2, expected: 1 },
  { name: 'a fully loaded machine', load: 2, processors: 2, expected: 1 },
  { name: 'a machine with three processes per processor', load: 6, processors: 2, expected: 3 },
  { name: 'a hopelessly overloaded machine', load: 400, processors: 2, expected: 10 },
  { name: 'a system that reports no load', load: 0, processors: 8, expected: 1 },
])('$name makes things take $expected times as long', ({ load, processors, expected }) => {
  expect(busyness(load, processors)).toBe(expected)
})

it('never makes a wait shorter', () => {
  expect(stretched(5_000)).toBeGreaterThanOrEqual(5_000)
})

it('a list in batches keeps its order and loses nothing', () => {
  expect([...batchesOf([1, 2, 3, 4, 5], 2)]).toEqual([[1, 2], [3, 4], [5]])
  expect([...batchesOf([], 2)]).toEqual([])
})
