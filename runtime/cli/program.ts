/** The whole command line: every command in one table, and the exit codes. @module */
import { Command, CommanderError } from 'commander'
import { ConfigError, messageOf, UnreachableError } from '../errors.ts'
import { StorageError } from '../storage/errors.ts'
import { BadNewsError, InterruptedError, UsageError, type CliCommand, type CliContext } from './command.ts'
import { printableLines } from './terminal/printable.ts'

interface CommandEntry {
  /** The command and its arguments, as `sluice --help` lists them. */
  readonly usage: string
  readonly description: string
  readonly isHidden?: boolean
  /** Only the command that is called is loaded. */
  readonly load: () => Promise<CliCommand>
}

/** In the order of the help. */
export const COMMANDS: readonly CommandEntry[] = [
  {
    usage: 'secrets [options]',
    description: 'create the secrets that are missing, as files for docker-compose.yml; none is printed',
    load: async () => (await import('./commands/secrets.ts')).secrets,
  },
  {
    usage: 'setup',
    description:
      'prepare MinIO: buckets, lifecycle rules, watermarks, notifications, and the accounts that the settings name; safe to run again',
    load: async () => (await import('./commands/setup.ts')).setup,
  },
  {
    usage: 'start [options]',
    description: 'run the roles in SLUICE_ROLES (default: API, intake and workers) until SIGTERM or Ctrl-C',
    load: async () => (await import('./commands/start.ts')).start,
  },
  {
    usage: 'worker [options]',
    description:
      'run only workers, with health and metrics on SLUICE_API_PORT, on any machine that reaches Redis and MinIO',
    load: async () => (await import('./commands/start.ts')).worker,
  },
  {
    usage: 'doctor [options]',
    description:
      'check everything that can fail silently: settings, Redis, MinIO, notifications, tools, the runtime; and send an empty probe upload all the way through. Root’s account sees the most',
    load: async () => (await import('./commands/doctor.ts')).doctor,
  },
  {
    usage: 'invoke [options] <function> <file>',
    description:
      'run a function on a file of this machine, without servers: the attempt that a worker makes, with its results in a folder',
    load: async () => (await import('./commands/invoke.ts')).invoke,
  },
  {
    usage: 'console [options]',
    description:
      "print the console's address; where tokens are set, as a link that logs a browser in once, with the highest role",
    load: async () => (await import('./commands/console.ts')).consoleCommand,
  },
  {
    usage: 'functions [options] [name]',
    description: 'list the functions and how each is doing; with a name, show everything about one',
    load: async () => (await import('./commands/functions.ts')).functions,
  },
  {
    usage: 'runs [options]',
    description: 'list runs, newest first',
    load: async () => (await import('./commands/runs.ts')).runs,
  },
  {
    usage: 'show [options] <run>',
    description:
      'show everything about a run, with its attempts and their last lines of output; or the progress of a job',
    load: async () => (await import('./commands/show.ts')).show,
  },
  {
    usage: 'results [options] [prefix]',
    description: 'list the results that are stored, ordered by the bucket and key of their manifest',
    load: async () => (await import('./commands/results.ts')).results,
  },
  {
    usage: 'why [options] <object>',
    description: 'explain what happened to an object, or why nothing did',
    load: async () => (await import('./commands/why.ts')).why,
  },
  {
    usage: 'reprocess [options] [objects...]',
    description: 'run objects again, behind live uploads: those that are named, or all below a prefix',
    load: async () => (await import('./commands/reprocess.ts')).reprocess,
  },
  {
    usage: 'redrive [options] [run]',
    description: 'run dead letters again from the start, behind live uploads: one by its id, or --all',
    load: async () => (await import('./commands/redrive.ts')).redrive,
  },
  {
    usage: 'sweep [options]',
    description: 'compare the buckets with the runs now, and heal what was lost',
    load: async () => (await import('./commands/sweep.ts')).sweep,
  },
  {
    usage: 'cancel [options] <run>',
    description: 'cancel a run (if it is running, its worker is asked to stop it) or a job',
    load: async () => (await import('./commands/cancel.ts')).cancel,
  },
  {
    usage: 'pause [options] <function>',
    description: 'start no more runs of a function; its uploads are still queued',
    load: async () => (await import('./commands/functions.ts')).pause,
  },
  {
    usage: 'resume [options] <function>',
    description: 'start the runs of a paused function again',
    load: async () => (await import('./commands/functions.ts')).resume,
  },
  {
    usage: 'concurrency [options] <function> <n>',
    description: 'set how many attempts of a function each worker process makes at a time',
    load: async () => (await import('./commands/functions.ts')).concurrency,
  },
  {
    usage: 'streams [options]',
    description:
      'list the streams that are received; its commands show, stop, pull and push one, and make keys for senders',
    load: async () => (await import('./commands/streams.ts')).streams,
  },
  {
    usage: 'child <kind>',
    description: 'one process of a runtime; started by the supervisor',
    isHidden: true,
    load: async () => (await import('./commands/child.ts')).child,
  },
]

/**
 * Runs one command; its exit code: 0 done, 1 failed, 2 wrong settings or usage, 3 a server cannot be reached; 130 after
 * Ctrl-C. Errors are printed on `err`.
 *
 * @param words - as in `process.argv`, without the first two
 */
export async function runProgram(words: readonly string[], context: CliContext): Promise<number> {
  const { out, err } = context
  const program = new Command('sluice')
    .description(
      'A function runtime on MinIO bucket events. Settings are environment variables; docs/settings.md lists them.',
    )
    // An option belongs to the command behind which it is written.
    .enablePositionalOptions()
    .exitOverride()
    .showHelpAfterError('(--help for more)')
    .configureOutput({ writeOut: (text) => out.write(text), writeErr: (text) => err.write(text) })
  await addCommands(program, words, context)
  try {
    await program.parseAsync(words, { from: 'user' })
    return 0
  } catch (error) {
    const message = messageFor(error)
    if (message !== undefined) err.write(message)
    return exitCodeOf(error)
  }
}

/** The command that is called gets its options and its action; of the others the list of commands needs only a line. */
async function addCommands(program: Command, words: readonly string[], context: CliContext): Promise<void> {
  const called = words.find((word) => word !== 'help' && !word.startsWith('-'))
  for (const { usage, description, isHidden = false, load } of COMMANDS) {
    const [name = usage] = usage.split(' ')
    const isCalled = name === called
    const command = program.command(isCalled ? name : usage, { hidden: isHidden }).description(description)
    if (isCalled) (await load())(command, context)
  }
}

function messageFor(error: unknown): string | undefined {
  // Commander has printed its own.
  if (error instanceof CommanderError) return undefined
  if (error instanceof ConfigError) {
    const issues = error.issues.map((issue) => `  - ${issue}\n`).join('')
    return `sluice cannot start: invalid settings:\n${issues}`
  }
  // Keys and texts of servers are in it.
  return `sluice: ${printableLines(messageOf(error)).join('\n')}\n`
}

function exitCodeOf(error: unknown): number {
  // Help ends with an error of Commander too.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
  if (error instanceof ConfigError || error instanceof UsageError) return 2
  if (error instanceof InterruptedError) return 130
  if (error instanceof BadNewsError) return 1
  return error instanceof UnreachableError || (error instanceof StorageError && error.isPassing) ? 3 : 1
}
