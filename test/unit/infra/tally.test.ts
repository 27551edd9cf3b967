import { describe, expect, it } from 'vitest'
import { judgeRun, type RunFacts, type Tally } from '../../tally.ts'

const green: Tally = { passed: 3, failed: 0, skipped: [], brokenSuites: [], unhandledErrors: 0 }
const facts = (differences: Partial<Tally>, more: Partial<RunFacts> = {}): RunFacts => ({
  tally: { ...green, ...differences },
  vitestExitCode: 0,
  leaked: [],
  ...more,
})

describe('the last line of a test run', () => {
  it.each([
    { name: 'all passed', facts: facts({}), last: '3 passed, 0 failed', exitCode: 0 },
    { name: 'one failed', facts: facts({ failed: 1 }), last: '3 passed, 1 failed', exitCode: 1 },
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

  it('names what was skipped', () => {
    expect(judgeRun(facts({ skipped: ['a.test.ts > b'] })).lines[0]).toBe('skipped: a.test.ts > b')
  })
})
