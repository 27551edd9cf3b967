/**
 * Where a process begins: `sluice <command>`. Alone reads the environment, signals and the command line, and sets exit codes:
 * 0 done, 1 failed, 2 wrong settings or usage, 3 a server cannot be reached.
 * @module
 */
import { Command, CommanderError } from 'commander'
import { loadConfig, type Config } from './config.ts'
import { runSetup } from './cli/setup.ts'
import { runStart } from './cli/start.ts'
import { runChild } from './process/run-child.ts'
import type { ChildKind } from './process/messages.ts'
import { ConfigError, messageOf } from './errors.ts'
import { StorageError } from './storage/errors.ts'

const ENTRY = new URL(import.meta.url)

const program = new Command('sluice')
  .description(
    'A function runtime on MinIO bucket events. Settings are environment variables; README.md has the table.',
  )
  .exitOverride()
  .showHelpAfterError()

program
  .command('start')
  .description('run the runtime: API, intake and workers, whatever SLUICE_ROLES says')
  .action(() => runStart({ config: settings(), entry: ENTRY, signals: process }))

program
  .command('worker')
  .description('run workers only, on any machine that reaches Redis and MinIO')
  .option('--functions <names>', 'comma-separated functions to serve (default: all)')
  .action(({ functions }: { functions?: string }) => {
    const config = settings({ SLUICE_ROLES: 'worker', ...(functions ? { SLUICE_FUNCTIONS: functions } : {}) })
    return runStart({ config, entry: ENTRY, signals: process })
  })

program
  .command('setup')
  .description(
    'make buckets, lifecycle, watermarks, notifications and the two accounts; may be run again at any time',
  )
  .action(() => runSetup(settings(), process.env['PATH'] ?? ''))

program
  .command('child <kind>', { hidden: true })
  .description('one process of a runtime; started by the supervisor')
  .action((kind: ChildKind) => runChild({ kind, config: settings(), signals: process }))

/** The settings; what the command line gives goes to this process's children too. */
function settings(overrides: Readonly<Record<string, string>> = {}): Config {
  Object.assign(process.env, overrides)
  return loadConfig(process.env)
}

function exitCodeOf(error: unknown): number {
  if (error instanceof ConfigError || error instanceof CommanderError) return 2
  return error instanceof StorageError && error.isPassing ? 3 : 1
}

try {
  await program.parseAsync()
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? 0 : 2
  } else {
    const text =
      error instanceof ConfigError ? error.issues.map((issue) => `  - ${issue}`).join('\n') : messageOf(error)
    const title =
      error instanceof ConfigError ? 'sluice cannot start, these settings are wrong:\n' : 'sluice: '
    process.stderr.write(`${title}${text}\n`)
    process.exitCode = exitCodeOf(error)
  }
}
