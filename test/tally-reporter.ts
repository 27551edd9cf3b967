/** Vitest's own numbers, written to the file that TALLY_FILE names: `run.ts` makes the last line of them. @module */
import { writeFileSync } from 'node:fs'
import type { Reporter, TestCase } from 'vitest/node'
import type { Tally } from './tally.ts'

type RunEnd = Parameters<NonNullable<Reporter['onTestRunEnd']>>

export default class TallyReporter implements Reporter {
  onTestRunEnd(...[modules, unhandledErrors]: RunEnd): void {
    const path = process.env['TALLY_FILE']
    if (!path) return
    const tests = modules.flatMap((module) => [...module.children.allTests()])
    const inState = (state: string) => tests.filter((test) => test.result().state === state)
    const suites = modules.flatMap((module) => [...module.children.allSuites()])
    const tally: Tally = {
      passed: inState('passed').length,
      failed: inState('failed').map((test) => `${nameOf(test)}: ${firstLine(test)}`),
      skipped: inState('skipped').map(nameOf),
      // Its tests do not run then, and Vitest counts them as skipped.
      brokenSuites: [
        ...modules.filter((module) => module.errors().length > 0).map((module) => module.relativeModuleId),
        ...suites.filter((suite) => suite.errors().length > 0).map((suite) => suite.fullName),
      ],
      unhandledErrors: unhandledErrors.length,
    }
    writeFileSync(path, JSON.stringify(tally))
  }
}

function nameOf(test: TestCase): string {
  return `${test.module.relativeModuleId} > ${test.fullName}`
}

function firstLine(test: TestCase): string {
  const [line = ''] = (test.result().errors?.[0]?.message ?? 'no message').split('\n')
  return line.slice(0, 300)
}
