import fc from 'fast-check'
import { expect, it } from 'vitest'
import { requestedRange } from '../../../../runtime/api/http/byte-range.ts'

it.each([
  [undefined, undefined],
  ['bytes=0-', { start: 0, end: 9 }],
  ['bytes=2-4', { start: 2, end: 4 }],
  ['bytes=9-100', { start: 9, end: 9 }],
  ['bytes=-3', { start: 7, end: 9 }],
  ['bytes=-100', { start: 0, end: 9 }],
  ['bytes=10-', 'unsatisfiable'],
  ['bytes=-0', 'unsatisfiable'],
  ['bytes=4-2', undefined],
  ['bytes=0-1,3-4', undefined],
  ['bytes=-', undefined],
  ['pieces=0-1', undefined],
])('%s of ten bytes is %o', (header, range) => {
  expect(requestedRange(header, 10)).toEqual(range)
})

it('stays within the object, whatever is requested', () => {
  fc.assert(
    fc.property(fc.nat(), fc.nat(), fc.nat(), (first, last, sizeBytes) => {
      for (const header of [`bytes=${first}-${last}`, `bytes=${first}-`, `bytes=-${last}`]) {
        const range = requestedRange(header, sizeBytes)
        if (typeof range !== 'object') continue
        expect(range.start).toBeLessThanOrEqual(range.end)
        expect(range.end).toBeLessThan(sizeBytes)
      }
    }),
  )
})
