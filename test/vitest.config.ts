/** The test projects, from fast to slow; each group begins when the one before has ended. @module */
import { join } from 'node:path'
import { configDefaults, defineConfig, type TestProjectInlineConfiguration } from 'vitest/config'
import { leftOut } from './thorough-files.ts'

interface ProjectOptions {
  readonly name: string
  /** Projects of the same group run side by side. */
  readonly groupOrder: number
  readonly maxWorkers: number
  /** For one test and for one hook: ends a test that hangs, even on a machine ten times busier than it should be. */
  readonly timeoutMs: number
}

/**
 * Files with servers of their own mostly wait: three at a time keep the usual two cores busy. All wait for conditions, and
 * longer on a busy machine (helpers/wait.ts).
 */
const PROJECTS: readonly ProjectOptions[] = [
  { name: 'unit', groupOrder: 0, maxWorkers: 2, timeoutMs: 60_000 },
  { name: 'contract', groupOrder: 1, maxWorkers: 3, timeoutMs: 300_000 },
  { name: 'integration', groupOrder: 1, maxWorkers: 3, timeoutMs: 300_000 },
  { name: 'fault', groupOrder: 1, maxWorkers: 3, timeoutMs: 900_000 },
  { name: 'e2e', groupOrder: 1, maxWorkers: 3, timeoutMs: 900_000 },
  // Minutes each: with `npm run test:fault` and in CI; the longest ones only with `npm run test:fault`.
  ...(process.env['TEST_LONG'] ? [longer('long')] : []),
  ...(process.env['TEST_LONG'] === 'all' ? [longer('longest')] : []),
]

const left = leftOut(process.argv.slice(2), Boolean(process.env['TEST_LONG']))

function longer(name: string): ProjectOptions {
  return { name, groupOrder: 2, maxWorkers: 1, timeoutMs: 900_000 }
}

export default defineConfig({
  test: {
    projects: PROJECTS.map((project) => configOf(project)),
  },
})

function configOf({
  name,
  groupOrder,
  maxWorkers,
  timeoutMs,
}: ProjectOptions): TestProjectInlineConfiguration {
  return {
    root: join(import.meta.dirname, '..'),
    test: {
      name,
      include: [`test/${name}/**/*.test.ts`],
      exclude: [...configDefaults.exclude, ...left],
      setupFiles: ['test/helpers/each-file.ts'],
      // Processes, not threads: a server is bound to the life of the process that started it.
      pool: 'forks',
      // Unit tests share the modules that they load, which takes half of their time. `vi.resetModules()` is for state of a process.
      isolate: name !== 'unit',
      maxWorkers,
      testTimeout: timeoutMs,
      hookTimeout: timeoutMs,
      sequence: { groupOrder },
    },
  }
}
