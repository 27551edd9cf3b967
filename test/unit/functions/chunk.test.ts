import { expect, it } from 'vitest'
import { chunk } from '../../../functions/chunk.ts'
import { mergeOptions } from '../../../runtime/worker/attempt/options.ts'

it('copies whatever is in a file when nothing else is asked for', () => {
  expect(chunk.options.parse({})).toEqual({ mode: 'copy', streams: 'all', onTruncated: 'fail' })
})

it('takes its options from an upload’s metadata, where all values are text', () => {
  const merged = mergeOptions(chunk, { metadata: { mode: 'exact', seconds: '2.5' } })
  expect(merged.options).toMatchObject({ mode: 'exact', seconds: 2.5 })
})

it.each(['fast', 'Exact', ''])('refuses the mode %j and lists those that there are', (mode) => {
  expect(() => mergeOptions(chunk, { metadata: { mode } })).toThrow(
    /mode: one of copy, exact, default "copy"/,
  )
})

it.each(['25MB', '25 MiB', 25_000_000, '25000000', '0.1GB'])('takes %j for a size', (bytes) => {
  expect(mergeOptions(chunk, { metadata: { bytes: String(bytes) } }).options).toMatchObject({
    bytes: String(bytes),
  })
})

it.each(['25', '25XB', '-1MB', 'MB', '', '64kB'])('refuses %j for a size and says what one is', (bytes) => {
  expect(() => mergeOptions(chunk, { metadata: { bytes } })).toThrow(/a size such as "25MB"/)
})

it('refuses two ways to say how large a chunk is, and names both', () => {
  const both = { bytes: '25MB', parts: '4' }
  expect(() => mergeOptions(chunk, { metadata: both })).toThrow(/"parts" and "bytes" each say how large/)
})
