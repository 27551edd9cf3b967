/** Commands that ask the runtime: its address, and answers for programs. @module */
import type { Command } from 'commander'
import { createApiClient, type ApiClient } from '../api/client.ts'
import type { CliContext } from './command.ts'

export interface ApiOptions {
  readonly api?: string
  readonly json?: boolean
}

/** Adds `--api` and `--json`. */
export function withApi(command: Command): Command {
  return command
    .option(
      '--api <url>',
      'address of the runtime (default: SLUICE_API_URL, otherwise SLUICE_API_PORT on this machine)',
    )
    .option('--json', 'print the whole answer as one JSON document')
}

export function apiOf({ env }: CliContext, { api }: ApiOptions): ApiClient {
  return createApiClient(env, api)
}
