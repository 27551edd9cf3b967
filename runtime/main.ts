#!/usr/bin/env node
/**
 * The entry of every process: `sluice <command>`. Only this file reads the environment, signals and the command line, and ends the
 * process.
 * @module
 */
import { runProgram } from './cli/program.ts'
import { terminalOn } from './cli/terminal/terminal.ts'

const { env } = process

// A reader such as `head` may close the pipe early.
const SEEN_ENOUGH = ['EPIPE', 'ECONNRESET']
process.stdout.on('error', ({ code = '' }: NodeJS.ErrnoException) =>
  process.exit(SEEN_ENOUGH.includes(code) ? 0 : 1),
)

const exitCode = await runProgram(process.argv.slice(2), {
  env,
  // Children start as this process did: by this file, or by a clone's `sluice.mjs`, which can read TypeScript.
  entryPath: process.argv[1] as string,
  signals: process,
  invocation: env['npm_lifecycle_event'] === 'sluice' ? 'npm run sluice --' : 'sluice',
  out: terminalOn(process.stdout, env),
  err: terminalOn(process.stderr, env),
})

const written = (stream: NodeJS.WriteStream) =>
  new Promise<void>((resolve) => stream.write('', () => resolve()))

// Explicitly, as anything that a function or a failed start has left open would keep the process alive.
await Promise.all([written(process.stdout), written(process.stderr)])
process.exit(exitCode)
