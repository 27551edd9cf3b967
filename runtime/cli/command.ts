/** What every command of `sluice` is: one file that adds it to the program, from what the process gives it. @module */
import type { Command } from 'commander'
import type { Environment } from '../settings/files.ts'
import type { Terminal } from './terminal/terminal.ts'

export interface CliContext {
  readonly env: Environment
  /** The module that children start with. */
  readonly entryPath: string
  /** Where signals come from: the process. */
  readonly signals: NodeJS.EventEmitter
  /** What a person types to call this program, for lines to copy: `sluice`, or `npm run sluice --`. */
  readonly invocation: string
  /** What was asked for. */
  readonly out: Terminal
  /** What happens meanwhile, and what is wrong. */
  readonly err: Terminal
}

/** Adds one command to the program. What its action throws becomes the exit code in `main.ts`. */
export type CliCommand = (program: Command, context: CliContext) => void

/** The command line asks for what cannot be meant; exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** The command was done, and its answer is a bad one which it has printed already; exit code 1. */
export class BadNewsError extends Error {
  override readonly name = 'BadNewsError'
}

/** The person pressed Ctrl-C; exit code 130, as shells have it. */
export class InterruptedError extends Error {
  override readonly name = 'InterruptedError'
}

/** The end of a command's help. */
export function examples(...lines: readonly string[]): string {
  return ['', 'Examples:', ...lines.map((line) => `  $ sluice ${line}`)].join('\n')
}
