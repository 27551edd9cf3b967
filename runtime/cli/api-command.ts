/** What all commands that ask the runtime have in common: its address, and answers for programs. @module */
import type { Command } from 'commander'
import { createApiClient, type ApiClient } from '../api/client.ts'
import type { CliContext } from './command.ts'

export interface ApiOptions {
  readonly api?: string
  readonly json?: boolean
}

/** A command with `--api` and `--json`. */
export function apiCommand(program: Command, nameAndArguments: string): Command {
  return program
    .command(nameAndArguments)
    .option(
      '--api <url>',
      'address of the runtime (default: SLUICE_API_URL, else this machine’s SLUICE_API_PORT)',
    )
    .option('--json', 'the whole answer as one JSON document')
}

export function apiOf({ env }: CliContext, { api }: ApiOptions): ApiClient {
  return createApiClient(env, api)
}
