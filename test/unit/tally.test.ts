import { describe, expect, it } from 'vitest'
import { isFault, judgeRun, parseLast, sumUp, type RunFacts, type Tally } from '../tally.ts'

const green: Tally = { passed: 3, failed: [], skipped: [], brokenSuites: [], unhandledErrors: 0 }
const facts = (differences: Partial<Tally>, more: Partial<RunFacts> = {}): RunFacts => ({
  tally: { ...green, ...differences },
  vitestExitCode: 0,
  leaked: [],
  ...more,
})

describe('the last line of a test run', () => {
  it.each([
    { name: 'all passed', facts: facts({}), last: '3 passed, 0 failed', exitCode: 0 },
    {
      name: 'one failed',
      facts: facts({ failed: ['a.test.ts > b: expected 1 to be 2'] }),
      last: '3 passed, 1 failed',
      exitCode: 1,
    },
    {
      name: 'a file could not be loaded',
      facts: facts({ brokenSuites: ['test/unit/a.test.ts'] }),
      last: '3 passed, 1 failed',
      exitCode: 1,
    },
    {
      name: 'an error outside of any test',
      facts: facts({ unhandledErrors: 2 }),
      last: '3 passed, 2 failed',
      exitCode: 1,
    },
    { name: 'no test at all', facts: facts({ passed: 0 }), last: '0 passed, 1 failed', exitCode: 1 },
    {
      name: 'Vitest died',
      facts: { tally: undefined, vitestExitCode: 134, leaked: [] },
      last: '0 passed, 1 failed',
      exitCode: 1,
    },
    {
      name: 'Vitest is unhappy about something else',
      facts: facts({}, { vitestExitCode: 1 }),
      last: '3 passed, 1 failed',
      exitCode: 1,
    },
    {
      name: 'a server is left behind',
      facts: facts({}, { leaked: ['redis-server (pid 7)'] }),
      last: '3 passed, 1 failed',
      exitCode: 1,
    },
  ])('$name', ({ facts, last, exitCode }) => {
    const verdict = judgeRun(facts)
    expect(verdict.lines.at(-1)).toBe(last)
    expect(verdict.exitCode).toBe(exitCode)
  })

  it('names skipped tests', () => {
    expect(judgeRun(facts({ skipped: ['a.test.ts > b'] })).lines[0]).toBe('skipped: a.test.ts > b')
  })

  it('names failed tests right before it, with what went wrong', () => {
    const verdict = judgeRun(
      facts({ skipped: ['a.test.ts > c'], failed: ['a.test.ts > b: expected 1 to be 2'] }),
    )
    expect(verdict.lines.at(-2)).toBe('failed: a.test.ts > b: expected 1 to be 2')
  })
})

describe('several runs', () => {
  const end = (passed: number, failed: number, exitCode = failed === 0 ? 0 : 1) => ({
    title: 'with one',
    faults: [],
    counts: { passed, failed },
    exitCode,
  })

  it.each([
    { name: 'all well', ends: [end(3, 0), end(2, 0)], last: '5 passed, 0 failed', exitCode: 0 },
    { name: 'the second failed', ends: [end(3, 0), end(2, 1)], last: '5 passed, 1 failed', exitCode: 1 },
    { name: 'one ended badly', ends: [end(3, 0, 1), end(2, 0)], last: '5 passed, 1 failed', exitCode: 1 },
    {
      name: 'one said nothing',
      ends: [end(3, 0), { title: 'with two', faults: [], counts: undefined, exitCode: 1 }],
      last: '3 passed, 1 failed',
      exitCode: 1,
    },
    { name: 'no test at all', ends: [end(0, 0)], last: '0 passed, 1 failed', exitCode: 1 },
  ])('come to one sum: $name', ({ ends, last, exitCode }) => {
    const verdict = sumUp(ends)
    expect(verdict.lines.at(-1)).toBe(last)
    expect(verdict.exitCode).toBe(exitCode)
    expect(verdict.lines).toHaveLength(ends.length + 1)
    // Only the sum may be recognised as a last line.
    expect(verdict.lines.filter((line) => parseLast(line))).toEqual([last])
  })

  it('repeat at the end what went wrong in each, because of a long log only the end is read', () => {
    const fault = 'failed: a.test.ts > b: expected 1 to be 2'
    expect(isFault(fault)).toBe(true)
    expect(isFault('skipped: a.test.ts > b')).toBe(false)
    const { lines } = sumUp([{ ...end(3, 1), faults: [fault] }, end(2, 0)])
    expect(lines).toEqual([
      fault,
      'with one: 3 passed, 1 failed',
      'with one: 2 passed, 0 failed',
      '5 passed, 1 failed',
    ])
  })

  it('a last line is recognised', () => {
    expect(parseLast('12 passed, 3 failed')).toEqual({ passed: 12, failed: 3 })
    for (const line of ['', 'Tests 12 passed, 3 failed', '12 passed']) expect(parseLast(line)).toBeUndefined()
  })
})
