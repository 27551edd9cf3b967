import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { isReached, rowOf, withResults, type Result } from '../../../bench/harness/table.ts'

const RESULT: Result = {
  measurement: {
    name: 'dispatch',
    unit: 'runs/s',
    ours: 150,
    peer: 100,
    ratio: 1.5,
    spread: { lowest: 1.2, highest: 1.7 },
    rounds: 7,
    before: { value: 50, ratio: 3, spread: { lowest: 2.9, highest: 3.2 } },
    notes: ['a | b'],
  },
  aim: { atLeast: 1.3 },
  machine: { load: 0.512, stealPercent: 2.04 },
  at: new Date('2026-12-01T10:20:30Z'),
  commit: 'abc1234',
}

describe('the table of results', () => {
  it('has a row with the spread, the aim and the state of the machine', () => {
    expect(rowOf(RESULT)).toBe(
      '| `dispatch` | 150 runs/s | 100 runs/s | 1.5 (1.2 to 1.7) | 7 | at least 1.3 | 2026-12-01 10:20, abc1234, load 0.5, steal 2.0 % ' +
        '| to the commit before: 3 (2.9 to 3.2), 50 runs/s; a \\| b |',
    )
  })

  it('says where an aim is missed', () => {
    expect(rowOf({ ...RESULT, aim: { atLeast: 1.6 } })).toContain('| **at least 1.6: missed** |')
    expect(isReached(RESULT.measurement, { atMost: 1.5 })).toBe(true)
    expect(isReached(RESULT.measurement, { atMost: 1.4 })).toBe(false)
  })

  it('keeps the other rows and all text around it, also when it is written again', () => {
    const text =
      'Before.\n\n<!-- results: written by `npm run bench -- all` -->\n\n| `wait` | old |\n| `dispatch` | old |\n\n<!-- end of results -->\n\nAfter.\n'
    const once = withResults(text, [RESULT], 'two cores')
    expect(once).toMatch(/^Before\.\n[^]+Machine: two cores\.[^]+\n\nAfter\.\n$/)
    expect(once).toContain('| `wait` | old |\n| `dispatch` | 150 runs/s |')
    expect(withResults(once, [RESULT], 'two cores')).toBe(once)
  })

  it('has its place in the document', () => {
    const path = join(import.meta.dirname, '..', '..', '..', '..', 'docs', 'benchmarks.md')
    expect(withResults(readFileSync(path, 'utf8'), [RESULT], 'two cores')).toContain('Machine: two cores.')
    expect(() => withResults('nothing', [], '')).toThrow('the document has no lines <!-- results')
  })
})
