import { expect, it } from 'vitest'
import { untold } from '../../../../runtime/upkeep/sweep/asks.ts'

it('a record that cannot be judged is logged once, and again when the reason is another or it was well in between', () => {
  const found = new Map([['a', 'it is torn']])
  expect(untold(found, new Map())).toEqual([['a', 'it is torn']])
  expect(untold(found, found)).toEqual([])
  expect(untold(new Map([['a', 'the store refuses']]), found)).toEqual([['a', 'the store refuses']])
})
