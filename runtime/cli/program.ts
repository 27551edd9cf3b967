/** The whole command line: every command, and what their ends mean. @module */
import { Command, CommanderError } from 'commander'
import { ConfigError, messageOf, UnreachableError } from '../errors.ts'
import { StorageError } from '../storage/errors.ts'
import { cancel } from './commands/cancel.ts'
import { child } from './commands/child.ts'
import { BadNewsError, InterruptedError, UsageError, type CliCommand, type CliContext } from './command.ts'
import { concurrency } from './commands/concurrency.ts'
import { doctor } from './doctor/doctor.ts'
import { functions } from './commands/functions.ts'
import { pause } from './commands/pause.ts'
import { printableLines } from './terminal/printable.ts'
import { redrive } from './commands/redrive.ts'
import { reprocess } from './commands/reprocess.ts'
import { results } from './commands/results.ts'
import { resume } from './commands/resume.ts'
import { runs } from './commands/runs.ts'
import { secrets } from './commands/secrets.ts'
import { setup } from './commands/setup.ts'
import { show } from './commands/show.ts'
import { start } from './commands/start.ts'
import { sweep } from './commands/sweep.ts'
import { why } from './commands/why.ts'
import { worker } from './commands/worker.ts'

/** In the order of the help. */
const COMMANDS: readonly CliCommand[] = [
  secrets,
  setup,
  start,
  worker,
  doctor,
  functions,
  runs,
  show,
  results,
  why,
  reprocess,
  redrive,
  sweep,
  cancel,
  pause,
  resume,
  concurrency,
  child,
]

/**
 * Runs one command; its exit code: 0 done, 1 failed, 2 wrong settings or usage, 3 a server cannot be reached; 130 after
 * Ctrl-C. What went wrong is said on `err`.
 *
 * @param words - as in `process.argv`, without the first two
 */
export async function runProgram(words: readonly string[], context: CliContext): Promise<number> {
  const { out, err } = context
  const program = new Command('sluice')
    .description(
      'A function runtime on MinIO bucket events. Settings are environment variables; docs/settings.md has the table.',
    )
    .exitOverride()
    .showHelpAfterError('(--help tells more)')
    .configureOutput({ writeOut: (text) => out.write(text), writeErr: (text) => err.write(text) })
  for (const add of COMMANDS) add(program, context)
  try {
    await program.parseAsync(words, { from: 'user' })
    return 0
  } catch (error) {
    const message = messageFor(error)
    if (message !== undefined) err.write(message)
    return exitCodeOf(error)
  }
}

function messageFor(error: unknown): string | undefined {
  // It has written its own.
  if (error instanceof CommanderError) return undefined
  if (error instanceof ConfigError) {
    const issues = error.issues.map((issue) => `  - ${issue}\n`).join('')
    return `sluice cannot start, these settings are wrong:\n${issues}`
  }
  // Keys and the words of servers are in it.
  return `sluice: ${printableLines(messageOf(error)).join('\n')}\n`
}

function exitCodeOf(error: unknown): number {
  // Asking for help is no error.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
  if (error instanceof ConfigError || error instanceof UsageError) return 2
  if (error instanceof InterruptedError) return 130
  if (error instanceof BadNewsError) return 1
  return error instanceof UnreachableError || (error instanceof StorageError && error.isPassing) ? 3 : 1
}
