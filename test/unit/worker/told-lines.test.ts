import { expect, it } from 'vitest'
import { createToldLines } from '../../../runtime/worker/told-lines.ts'

it('gives each line once, in order', () => {
  const lines = createToldLines()
  lines.add('a')
  lines.add('b')
  expect(lines.take()).toEqual(['a', 'b'])
  lines.add('c')
  expect([lines.take(), lines.take()]).toEqual([['c'], []])
})

it('keeps the newest of any number, and the beginnings of long ones', () => {
  const lines = createToldLines()
  for (let at = 0; at < 10_000; at++) lines.add(`${at}`)
  lines.add(`${'x'.repeat(499)}😀`)
  const taken = lines.take()
  expect(taken).toHaveLength(50)
  expect(taken[0]).toBe('9951')
  expect(taken.at(-1)).toBe(`${'x'.repeat(499)}\ufffd`)
})
