import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseRange } from '../../../../runtime/worker/source/proxy.ts'

describe('of 100 bytes', () => {
  it.each([
    { header: 'bytes=0-9', part: [0, 9] },
    { header: 'bytes=90-', part: [90, 99] },
    { header: 'bytes=0-', part: [0, 99] },
    { header: 'bytes=99-99', part: [99, 99] },
    { header: 'bytes=90-1000', part: [90, 99] },
    { header: 'bytes=-1', part: [99, 99] },
    { header: 'bytes=-1000', part: [0, 99] },
    { header: ' Bytes = 1 - 2 ', part: [1, 2] },
  ])('"$header" is $part', ({ header, part: [start, end] }) => {
    expect(parseRange(header, 100)).toEqual({ kind: 'part', start, end })
  })

  it.each(['bytes=100-', 'bytes=100-200', 'bytes=-0', 'bytes=99999999999999999999999-'])(
    '"%s" has none',
    (header) => {
      expect(parseRange(header, 100)).toEqual({ kind: 'unsatisfiable' })
    },
  )

  it.each([undefined, '', 'bytes', 'bytes=', 'bytes=-', 'bytes=9-0', 'bytes=0-1,5-6', 'bytes=a-b', 'lines=0-9', 'bytes=1.5-2'])(
    '"%s" is not a range, so it asks for the whole',
    (header) => {
      expect(parseRange(header, 100)).toEqual({ kind: 'whole' })
    },
  ) // prettier-ignore
})

it('an empty object has no ranges, only the whole', () => {
  for (const header of ['bytes=0-', 'bytes=-1', 'bytes=0-0']) {
    expect(parseRange(header, 0)).toEqual({ kind: 'unsatisfiable' })
  }
  expect(parseRange(undefined, 0)).toEqual({ kind: 'whole' })
})

it('a part is never outside the object, whatever is requested', () => {
  const number = fc.oneof(fc.nat().map(String), fc.constant(''))
  fc.assert(
    fc.property(number, number, fc.nat(), (first, last, sizeBytes) => {
      const range = parseRange(`bytes=${first}-${last}`, sizeBytes)
      if (range.kind !== 'part') return
      expect(range.start).toBeGreaterThanOrEqual(0)
      expect(range.end).toBeGreaterThanOrEqual(range.start)
      expect(range.end).toBeLessThan(sizeBytes)
    }),
  )
})
