/** The result of a test run: one last line and an exit code. Pure. @module */

export interface Tally {
  readonly passed: number
  /** Their names, each with the first line of what went wrong. */
  readonly failed: readonly string[]
  /** Their names. */
  readonly skipped: readonly string[]
  /** Files and groups of tests that could not be loaded, or whose set-up or clean-up failed. */
  readonly brokenSuites: readonly string[]
  readonly unhandledErrors: number
}

export interface RunFacts {
  /** Undefined when Vitest ended without a word. */
  readonly tally: Tally | undefined
  readonly vitestExitCode: number
  /** Processes of the tests that were still there at the end. */
  readonly leaked: readonly string[]
}

export interface Verdict {
  /** The last one is `N passed, N failed`. */
  readonly lines: readonly string[]
  readonly exitCode: 0 | 1
}

export function judgeRun({ tally, vitestExitCode, leaked }: RunFacts): Verdict {
  const lines: string[] = []
  let failed = (tally?.failed.length ?? 0) + (tally?.brokenSuites.length ?? 0) + (tally?.unhandledErrors ?? 0)
  for (const name of tally?.skipped ?? []) lines.push(`skipped: ${name}`)
  for (const name of tally?.failed ?? []) lines.push(`failed: ${name}`)
  for (const name of tally?.brokenSuites ?? []) lines.push(`could not run: ${name}`)
  if (tally?.unhandledErrors) lines.push(`${tally.unhandledErrors} errors outside of any test`)
  for (const name of leaked) lines.push(`left running by a test: ${name}`)
  failed += leaked.length
  const passed = tally?.passed ?? 0
  if (passed + failed === 0) {
    lines.push('no test was run')
    failed = 1
  }
  // An error of Vitest itself is not lost.
  if (vitestExitCode !== 0 && failed === 0) {
    lines.push(`vitest ended with exit code ${vitestExitCode}`)
    failed = 1
  }
  return { lines: [...lines, wordsOf({ passed, failed })], exitCode: failed === 0 ? 0 : 1 }
}

interface Counts {
  readonly passed: number
  readonly failed: number
}

/** One of several runs of tests. */
export interface RunEnd {
  readonly title: string
  /** Its lines that say which tests failed, and what else went wrong: a log that is cut off shows only the end of all runs. */
  readonly faults: readonly string[]
  /** Of its last line; undefined when it ended without one. */
  readonly counts: Counts | undefined
  readonly exitCode: number
}

/** The counts in the last line of a run; undefined when it is another line. */
export function parseLast(line: string): Counts | undefined {
  const [, passed, failed] = /^(\d+) passed, (\d+) failed$/.exec(line.trim()) ?? []
  return passed === undefined ? undefined : { passed: Number(passed), failed: Number(failed) }
}

/** Whether a line of a run names something that went wrong: a test, a file, a process. */
export function isFault(line: string): boolean {
  return /^(failed|could not run|left running by a test): |^\d+ errors outside of any test$/.test(line)
}

/** The result of several runs: what went wrong, a line for each, then the sum. */
export function sumUp(ends: readonly RunEnd[]): Verdict {
  const counts = ends.map(({ counts: found = { passed: 0, failed: 0 }, exitCode }) => ({
    passed: found.passed,
    // A failed run is not lost, whatever its counts.
    failed: Math.max(found.failed, exitCode === 0 ? 0 : 1),
  }))
  const lines = ends.map(({ title }, index) => `${title}: ${wordsOf(counts[index] as Counts)}`)
  const faults = ends.flatMap((end) => end.faults)
  const passed = counts.reduce((sum, each) => sum + each.passed, 0)
  const failed = counts.reduce((sum, each) => sum + each.failed, passed === 0 ? 1 : 0)
  return { lines: [...faults, ...lines, wordsOf({ passed, failed })], exitCode: failed === 0 ? 0 : 1 }
}

function wordsOf({ passed, failed }: Counts): string {
  return `${passed} passed, ${failed} failed`
}
