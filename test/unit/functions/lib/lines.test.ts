import { describe, expect, it } from 'vitest'
import { createLastLines } from '../../../../functions/lib/last-lines.ts'
import { createLineSplitter } from '../../../../functions/lib/line-splitter.ts'

describe('createLineSplitter', () => {
  it('puts lines together that arrive in pieces, and hands on the rest at the end', () => {
    const lines: string[] = []
    const splitter = createLineSplitter((line) => lines.push(line))
    for (const piece of ['one\ntw', 'o\n', '\nthr', 'ee']) splitter.add(piece)
    expect(lines).toEqual(['one', 'two', ''])
    splitter.end()
    splitter.end()
    expect(lines).toEqual(['one', 'two', '', 'three'])
  })

  it('hands over a line without an end in pieces, and keeps nothing of them', () => {
    const lengths: number[] = []
    const splitter = createLineSplitter((line) => lengths.push(line.length))
    const piece = 'x'.repeat(1024 ** 2)
    for (let count = 0; count < 25; count++) splitter.add(piece)
    expect(lengths).toEqual([11 * 1024 ** 2, 11 * 1024 ** 2])
    splitter.end()
    expect(lengths.at(-1)).toBe(3 * 1024 ** 2)
  })
})

describe('createLastLines', () => {
  it('keeps the tail of what was written', () => {
    const last = createLastLines(20)
    last.add('a line that is gone\n')
    last.add('second\nthird\n')
    expect(last.lines()).toEqual(['s gone', 'second', 'third'])
    expect(last.lines(1)).toEqual(['third'])
  })
  it('lets no control character through', () => {
    const last = createLastLines()
    last.add('title: \u001b[31mred\u0007\r\nnext\u009b\n\n')
    expect(last.lines()).toEqual(['title:  [31mred', 'next'])
  })
  it('names no port and no token of the range proxy', () => {
    const last = createLastLines()
    last.add('http://127.0.0.1:40123/0a1b: Invalid data found\n')
    expect(last.lines()).toEqual(['source: Invalid data found'])
  })
})
