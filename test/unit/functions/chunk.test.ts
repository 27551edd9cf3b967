import { expect, it } from 'vitest'
import { chunk } from '../../../functions/chunk.ts'
import { mergeOptions } from '../../../runtime/worker/attempt/options.ts'

it('copies into chunks of six seconds when nothing else is asked for', () => {
  expect(chunk.options.parse({})).toEqual({ mode: 'copy', seconds: 6 })
})

it('takes its options from an upload’s metadata, where all values are text', () => {
  const merged = mergeOptions(chunk, { metadata: { mode: 'exact', seconds: '2.5' } })
  expect(merged.options).toEqual({ mode: 'exact', seconds: 2.5 })
})

it.each(['fast', 'Exact', ''])('refuses the mode %j and lists those that there are', (mode) => {
  expect(() => mergeOptions(chunk, { metadata: { mode } })).toThrow(
    /mode: one of copy, exact, default "copy"/,
  )
})
