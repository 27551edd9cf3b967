/**
 * Where a process begins: `sluice <command>`. Alone reads the environment, signals and the command line, and sets exit codes:
 * 0 done, 1 failed, 2 wrong settings or usage, 3 a server cannot be reached.
 * @module
 */
import { Command, CommanderError, InvalidArgumentError } from 'commander'
import { loadConfig } from './config.ts'
import { runCancel } from './cli/cancel.ts'
import { runRedrive } from './cli/redrive.ts'
import { runSetup } from './cli/setup.ts'
import { runStart } from './cli/start.ts'
import { UnreachableError } from './cli/with-queue.ts'
import { runChild } from './process/run-child.ts'
import type { ChildKind } from './process/messages.ts'
import { ConfigError, messageOf } from './errors.ts'
import { StorageError } from './storage/errors.ts'

const { env } = process
/** Children start as this process did: by this file, or by `sluice.mjs`, which can read TypeScript. */
const entryPath = process.argv[1] as string

const program = new Command('sluice')
  .description(
    'A function runtime on MinIO bucket events. Settings are environment variables; README.md has the table.',
  )
  .exitOverride()
  .showHelpAfterError()

program
  .command('start')
  .description('run what SLUICE_ROLES names (default: API, intake and workers) until SIGTERM or Ctrl-C')
  .action(() => runStart({ env, entryPath, signals: process }))

program
  .command('worker')
  .description(
    'run workers, and their health and metrics on SLUICE_API_PORT, on any machine that reaches Redis and MinIO',
  )
  .option('--functions <names>', 'comma-separated functions to serve (default: SLUICE_FUNCTIONS, else all)')
  .action(({ functions }: { functions?: string }) => {
    const chosen = functions === undefined ? {} : { SLUICE_FUNCTIONS: functions }
    return runStart({
      env: { ...env, SLUICE_ROLES: 'worker', ...chosen },
      entryPath,
      signals: process,
    })
  })

program
  .command('setup')
  .description(
    'make buckets, lifecycle, watermarks, notifications and, where they are named, the two accounts; may be run again at any time',
  )
  .action(() => runSetup(env))

program
  .command('redrive')
  .description('run a dead letter again, from the start and behind live uploads')
  .argument('<run>', 'its id, which logs, verdicts and manifests name', runId)
  .action(async (id: string) => print(await runRedrive(loadConfig(env), id)))

program
  .command('cancel')
  .description('end a run that waits, or ask the worker of one that runs to end it')
  .argument('<run>', 'its id, which logs, verdicts and manifests name', runId)
  .action(async (id: string) => print(await runCancel(loadConfig(env), id)))

program
  .command('child <kind>', { hidden: true })
  .description('one process of a runtime; started by the supervisor')
  .action((kind: ChildKind) => runChild({ kind, config: loadConfig(env), signals: process }))

function runId(text: string): string {
  if (!/^[0-9a-f]{32}$/.test(text)) throw new InvalidArgumentError('a run is 32 hex digits.')
  return text
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}

/** Says what is wrong; the exit code that goes with it. */
function explain(error: unknown): number {
  // Commander has written its own message; asking for help is no error.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
  if (error instanceof ConfigError) {
    const issues = error.issues.map((issue) => `  - ${issue}\n`).join('')
    process.stderr.write(`sluice cannot start, these settings are wrong:\n${issues}`)
    return 2
  }
  process.stderr.write(`sluice: ${messageOf(error)}\n`)
  return error instanceof UnreachableError || (error instanceof StorageError && error.isPassing) ? 3 : 1
}

const written = (stream: NodeJS.WriteStream) =>
  new Promise<void>((resolve) => stream.write('', () => resolve()))

const exitCode = await program.parseAsync().then(() => 0, explain)
// Explicitly, as whatever a function or a failed start has left open would keep the process for ever.
await Promise.all([written(process.stdout), written(process.stderr)])
process.exit(exitCode)
