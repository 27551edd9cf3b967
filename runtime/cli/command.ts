/** The contract of a command of `sluice`: one function that adds options and an action to it. @module */
import type { Command } from 'commander'
import type { Environment } from '../settings/files.ts'
import type { Terminal } from './terminal/terminal.ts'

export interface CliContext {
  readonly env: Environment
  /** The module that children start with. */
  readonly entryPath: string
  /** The source of signals: the process. */
  readonly signals: NodeJS.EventEmitter
  /** The text a person types to call this program, for lines to copy: `sluice`, or `npm run sluice --`. */
  readonly invocation: string
  /** Receives the answer. */
  readonly out: Terminal
  /** Receives progress and errors. */
  readonly err: Terminal
}

/** Completes one command, which has its name and description already. Errors of its action become the exit code. */
export type CliCommand = (command: Command, context: CliContext) => void

/** The command line does not make sense; exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** The command was carried out, and has already printed its answer, a bad one; exit code 1. */
export class BadNewsError extends Error {
  override readonly name = 'BadNewsError'
}

/** The person pressed Ctrl-C; exit code 130, as in shells. */
export class InterruptedError extends Error {
  override readonly name = 'InterruptedError'
}

/** The end of a command's help. */
export function examples(...lines: readonly string[]): string {
  return ['', 'Examples:', ...lines.map((line) => `  $ sluice ${line}`)].join('\n')
}
