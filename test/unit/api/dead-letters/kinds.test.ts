import { describe, expect, it } from 'vitest'
import { kindsOf, patternOf } from '../../../../runtime/api/dead-letters/kinds.ts'
import { encodePayload } from '../../../../runtime/queue/run-record.ts'
import { runOf } from '../objects/facts.ts'

describe('the pattern of an error', () => {
  it.each([
    ['a number', 'chunk 3 of 17 is 4.083 s long', 'chunk … of … is … s long'],
    ['what is quoted', `no stream "video 1" in 'a b' or \`c\``, 'no stream … in … or …'],
    ['an address in memory', '[mov @ 0x55d0c1] moov atom not found', '[mov @ …] moov atom not found'],
    ['a hash and a ULID', 'etag 9e107d9d372bb682 by 01M84NGVNA38QQX3Y2XKFFJ3F6', 'etag … by …'],
    ['its key', 'cannot read films/holiday.mp4: it ends early', 'cannot read …: it ends early'],
    ['the name of its file', 'holiday.mp4: Invalid data', '…: Invalid data'],
    ['all but the first line', 'it failed\nline 2', 'it failed'],
    ['several differences side by side', 'ended at 12:30:01 12 34', 'ended at …'],
  ])('leaves out %s', (_, error, pattern) => {
    expect(patternOf(error, 'films/holiday.mp4')).toBe(pattern)
  })

  it('keeps apostrophes and words of letters that hex digits have too', () => {
    const text = "the source's defaced facade could not be decoded"
    expect(patternOf(text, 'a.mp4')).toBe(text)
  })

  // Each would be compared with the rest of the text: minutes for one error, in the process that takes events in.
  it.each(['“', '"', "'a", '`', '…  ', 'abcdef0 '])('is found at once also in many of %j', (odd) => {
    expect(patternOf(odd.repeat(100_000), 'a.mp4').length).toBeLessThanOrEqual(160)
  })

  it('has at most 160 characters, and no half one at its end', () => {
    const pattern = patternOf('a'.repeat(158) + '💥'.repeat(9), 'a.mp4')
    expect(pattern.length).toBeLessThanOrEqual(160)
    expect(pattern.isWellFormed()).toBe(true)
    expect(pattern).toMatch(/^a{158}.*…$/)
  })
})

const dead = (id: string, key: string, error: string, rest: Record<string, string> = {}) => {
  const { payload } = runOf()
  const text = encodePayload({ ...payload, key })
  const at = String(Number(id) * 1_000)
  const fields = { state: 'dead', reason: 'permanent', error, payload: text, endedAt: at, ...rest }
  return runOf(fields, id.repeat(32))
}

describe('kinds of failure', () => {
  it('are by function, reason and pattern, the most frequent first', () => {
    const kinds = kindsOf([
      dead('4', 'd.mp4', 'chunk 9 is empty', { fn: 'hls' }),
      dead('3', 'c.mp4', 'chunk 7 is empty'),
      dead('2', 'b.mp4', 'chunk 2 is empty', { reason: 'exhausted' }),
      dead('1', 'a.mp4', 'chunk 1 is empty\nffmpeg says so'),
    ])
    expect(kinds.map(({ function: name, reason, count }) => [name, reason, count])).toEqual([
      ['cut', 'permanent', 2],
      ['hls', 'permanent', 1],
      ['cut', 'exhausted', 1],
    ])
    expect(new Set(kinds.map(({ id }) => id)).size).toBe(3)
    expect(kinds[0]).toMatchObject({
      pattern: 'chunk … is empty',
      example: 'chunk 7 is empty',
      bytes: 20,
      firstAt: '1970-01-01T00:00:01.000Z',
      lastAt: '1970-01-01T00:00:03.000Z',
      runs: ['3'.repeat(32), '1'.repeat(32)],
      sample: [{ key: 'c.mp4' }, { key: 'a.mp4' }],
    })
  })

  it('show five files, and name all', () => {
    const runs = Array.from({ length: 9 }, (_, index) => dead(String(9 - index), `${index}.mp4`, 'no'))
    const [kind] = kindsOf(runs)
    expect(kind?.sample).toHaveLength(5)
    expect(kind?.runs).toHaveLength(9)
  })
})
