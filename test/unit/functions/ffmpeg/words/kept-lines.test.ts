import { describe, expect, it } from 'vitest'
import { createLastLines, createNotableLines } from '../../../../../functions/ffmpeg/words/kept-lines.ts'

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

describe('createNotableLines', () => {
  const patterns = [/disk is (full|gone)/, /damaged/]

  it('keeps the first line of each pattern, however many others come after it', () => {
    const notable = createNotableLines(patterns)
    notable.add('[mp4 @ 0x1] the disk is full\n')
    for (let number = 0; number < 5_000; number++)
      notable.add(`picture ${number} is damaged\nnothing ${number}\n`)
    notable.add('the disk is gone\n')
    expect(notable.lines()).toEqual(['[mp4 @ 0x1] the disk is full', 'picture 0 is damaged'])
  })

  it('hands them on as they come, put together from pieces, and the last one without its end', () => {
    const heard: string[] = []
    const notable = createNotableLines(patterns, (line) => heard.push(line))
    for (const piece of ['first\nthe disk', ' is full\r', 'a frame is dam']) notable.add(piece)
    expect(heard).toEqual(['the disk is full'])
    notable.add('aged')
    expect(notable.lines()).toEqual(['the disk is full', 'a frame is damaged'])
  })

  it('keeps no control character, no address of ours, and of an endless line its beginning', () => {
    const notable = createNotableLines(patterns)
    notable.add('http://127.0.0.1:40123/0a1b: \u001b[31mdamaged\n')
    notable.add(`the disk is full ${'x'.repeat(10_000)}`)
    notable.add('x'.repeat(10_000))
    const [first, second] = notable.lines()
    expect(first).toBe('source:  [31mdamaged')
    expect(second?.length).toBe(2_000)
  })
})
