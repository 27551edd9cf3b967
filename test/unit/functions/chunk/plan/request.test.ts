import { expect, it } from 'vitest'
import { clashOf, parseBytes, requestOf } from '../../../../../functions/chunk/plan/request.ts'

it.each([
  ['25MB', 25_000_000],
  ['25mb', 25_000_000],
  ['25MiB', 26_214_400],
  ['1.5 kB', 1_500],
  ['1 GiB', 1_073_741_824],
  [99_999, 99_999],
  ['99999', 99_999],
  ['many', undefined],
  ['25 TB', undefined],
  ['1e9', undefined],
])('reads %j as %j bytes', (text, bytes) => {
  expect(parseBytes(text)).toBe(bytes)
})

it('asks for six seconds by default, and otherwise for the given size', () => {
  expect(requestOf({})).toEqual({ by: 'seconds', seconds: 6 })
  expect(requestOf({ seconds: 2 })).toEqual({ by: 'seconds', seconds: 2 })
  expect(requestOf({ parts: 3 })).toEqual({ by: 'parts', parts: 3 })
  expect(requestOf({ bytes: '1MB' })).toEqual({ by: 'bytes', bytes: 1_000_000 })
})

it('finds a conflict only if two sizes are given', () => {
  expect(clashOf({})).toBeUndefined()
  expect(clashOf({ bytes: '1MB' })).toBeUndefined()
  expect(clashOf({ seconds: 2, parts: 3, bytes: 1 })).toBe(
    '"seconds" and "parts" and "bytes" each set the size of a chunk: give only one of them',
  )
})
