/** `sluice <command>` as a separate process, for tests of how processes start and end. @module */
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { rootDir, SLUICE_PATH } from '../../infra/local/root.ts'
import { withoutSettings } from '../../infra/local/settings/settings.ts'
import { waitFor } from './wait.ts'

export interface MainProcess {
  readonly child: ChildProcess
  /** Everything that it and its children have written. */
  output(): string
  /** Its exit code, or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>
  /** Resolves when the output has it. */
  said(pattern: RegExp, timeoutMs?: number): Promise<void>
}

const started = new Set<ChildProcess>()

/** With the account that every command that works needs; the channel is that of a supervisor. */
export function startMain(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  how: 'compiled' | 'tsx' = 'compiled',
): MainProcess {
  const child = fork(how === 'tsx' ? join(rootDir, 'runtime', 'main.ts') : SLUICE_PATH, [...args], {
    cwd: rootDir,
    execArgv: how === 'tsx' ? ['--import', 'tsx'] : [],
    env: {
      ...withoutSettings(process.env),
      MINIO_ACCESS_KEY: 'runtime-1',
      MINIO_SECRET_KEY: 'secret-secret',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    serialization: 'advanced',
  })
  started.add(child)
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  return {
    child,
    output: () => output,
    ended: once(child, 'exit').then(([code, signal]) => (code ?? signal) as number | NodeJS.Signals),
    async said(pattern, timeoutMs = 20_000) {
      await waitFor(async () => pattern.test(output), {
        timeoutMs,
        what: `${pattern}`,
      }).catch((error: Error) => {
        throw new Error(`${error.message}; it said: ${output}`, { cause: error })
      })
    },
  }
}

/** To be called in `afterEach`. Children of a killed one notice that and end by themselves. */
export function killMains(): void {
  for (const child of started) child.kill('SIGKILL')
  started.clear()
}
