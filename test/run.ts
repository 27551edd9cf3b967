/**
 * `npm test`: finds or installs the servers, runs every test project in one go, leaves nothing behind, and ends with the
 * line `N passed, N failed`. Further words go to Vitest: `npm test -- --project unit`.
 * @module
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ensurePrograms } from '../infra/local/programs/ensure-programs.ts'
import { PROGRAMS } from '../infra/local/programs/programs.ts'
import { progress, say } from '../infra/local/terminal.ts'
import { messageOf } from '../runtime/errors.ts'
import { prepareTools, wantsTools } from './helpers/prepare.ts'
import { findLeaked } from './leaked-processes.ts'
import { judgeRun, type Tally } from './tally.ts'

/** Processes that are about to end are not leaks. */
const GRACE_MS = 3_000
const rootDir = join(import.meta.dirname, '..')

const verdict = await runTests(process.argv.slice(2)).catch((error: unknown) => ({
  lines: [messageOf(error), '0 passed, 1 failed'],
  exitCode: 1 as const,
}))
for (const line of verdict.lines) say(line)
process.exitCode = verdict.exitCode

async function runTests(words: readonly string[]) {
  await ensurePrograms(PROGRAMS, progress)
  if (wantsTools(words)) await prepareTools(progress)
  // Everything that a test puts into the system's temporary folder is removed with this one.
  const tempDir = await mkdtemp(join(tmpdir(), 'sluice-test-'))
  // Some tests check as another user what that user may read, so the folder must be passable.
  await chmod(tempDir, 0o711)
  try {
    const tallyPath = join(tempDir, 'tally.json')
    const vitestExitCode = await runVitest(words, {
      ...process.env,
      TMPDIR: tempDir,
      TALLY_FILE: tallyPath,
    })
    const text = await readFile(tallyPath, 'utf8').catch(() => undefined)
    const tally = text === undefined ? undefined : (JSON.parse(text) as Tally)
    return judgeRun({ tally, vitestExitCode, leaked: await endLeaked(tempDir) })
  } finally {
    await rm(tempDir, { recursive: true, force: true, maxRetries: 3 })
  }
}

async function runVitest(words: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const args = ['run', '--config', 'test/vitest.config.ts']
  const reporters = ['--reporter', 'default', '--reporter', './test/tally-reporter.ts']
  const vitest = join(rootDir, 'node_modules', 'vitest', 'vitest.mjs')
  const child = spawn(process.execPath, [vitest, ...args, ...reporters, ...words], {
    cwd: rootDir,
    env,
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  // On a signal, Vitest ends first; then this process cleans up what Vitest leaves.
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => child.kill(name))
  const [code] = (await once(child, 'close')) as [number | null]
  return code ?? 1
}

async function endLeaked(tempDir: string): Promise<string[]> {
  const deadlineMs = performance.now() + GRACE_MS
  let leaked = await findLeaked(tempDir)
  while (leaked.length > 0 && performance.now() < deadlineMs) {
    await sleep(100)
    leaked = await findLeaked(tempDir)
  }
  for (const { pid } of leaked) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // It ended by itself meanwhile; it was late all the same.
    }
  }
  return leaked.map(({ pid, commandLine }) => `${commandLine} (pid ${pid})`)
}
