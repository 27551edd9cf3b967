/** Tries one mutant in a copy of the project. @module */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { stretched } from '../../runtime/time.ts'
import type { Mutant } from './mutant.ts'

export interface Tried {
  /** `misfit`: its text is not there exactly once; `broken`: no test has failed, and yet they have not passed. */
  readonly outcome: 'caught' | 'survived' | 'misfit' | 'broken'
  readonly seconds: number
  /** The first test that has failed. */
  readonly how?: string | undefined
}

/** Some hang for good when their guard is gone: then they have failed. */
const LIMIT_MS = 150_000

export async function tryMutant(dir: string, mutant: Mutant): Promise<Tried> {
  const path = join(dir, mutant.file)
  const before = await readFile(path, 'utf8')
  if (before.split(mutant.text).length !== 2) return { outcome: 'misfit', seconds: 0 }
  const beganMs = performance.now()
  await writeFile(
    path,
    before.replace(mutant.text, () => mutant.replacement),
  )
  try {
    const { failures, isBroken } = await runTests(dir, mutant.caughtBy)
    const seconds = (performance.now() - beganMs) / 1_000
    if (failures.length > 0) return { outcome: 'caught', seconds, how: failures[0] }
    return { outcome: isBroken ? 'broken' : 'survived', seconds }
  } finally {
    await writeFile(path, before)
  }
}

interface Report {
  readonly success: boolean
  readonly testResults: readonly {
    readonly assertionResults: readonly {
      readonly status: string
      readonly failureMessages: readonly string[]
    }[]
  }[]
}

/** The first lines of what has failed. */
export async function runTests(
  dir: string,
  files: readonly string[],
  limitMs = LIMIT_MS,
): Promise<{ failures: string[]; isBroken: boolean }> {
  const reportPath = join(dir, 'mutant-report.json')
  await rm(reportPath, { force: true })
  const args = ['run', '--config', 'test/vitest.config.ts', '--reporter', 'json', '--outputFile', reportPath]
  // One failure is enough of a mutant; what makes the smallest example of it is for people.
  const child = spawn(
    process.execPath,
    [join('node_modules', 'vitest', 'vitest.mjs'), ...args, '--bail', '1', ...files],
    {
      cwd: dir,
      env: { ...process.env, TEST_MUTANT: 'on' },
      stdio: 'ignore',
    },
  )
  // Tests wait longer on a busy machine, too.
  const limit = setTimeout(() => child.kill('SIGTERM'), stretched(limitMs))
  await once(child, 'close')
  clearTimeout(limit)
  const text = await readFile(reportPath, 'utf8').catch(() => undefined)
  if (text === undefined) return { failures: [], isBroken: true }
  const report = JSON.parse(text) as Report
  const failures = report.testResults.flatMap(({ assertionResults }) =>
    assertionResults.flatMap(({ status, failureMessages }) =>
      status === 'failed' ? [lastCause(failureMessages[0] ?? '')] : [],
    ),
  )
  return { failures, isBroken: !report.success }
}

function lastCause(message: string): string {
  const lines = message.split('\n').filter((line) => /^(Caused by: )?\S*Error\b/.test(line))
  return (lines.at(-1) ?? message.split('\n')[0] ?? '').slice(0, 160)
}
