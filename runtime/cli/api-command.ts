/** Commands that ask the runtime: its address, and answers for programs. @module */
import type { Command } from 'commander'
import { createApiClient, type ApiClient, type Query } from '../api/client.ts'
import { timeArgument } from './arguments.ts'
import type { CliContext } from './command.ts'
import type { Listing } from './terminal/table.ts'

export interface ApiOptions {
  readonly api?: string
  readonly json?: boolean
}

export const API_OPTION = [
  '--api <url>',
  'address of the runtime (default: SLUICE_API_URL, otherwise SLUICE_API_PORT on this machine)',
] as const

/** Adds `--api` and `--json`. */
export function withApi(command: Command): Command {
  return command.option(...API_OPTION).option('--json', 'print the whole answer as one JSON document')
}

/**
 * Adds `--since` and `--until`.
 *
 * @param what - is selected by its time, such as `runs created`
 */
export function withTimes(command: Command, what: string): Command {
  const toTime = (text: string) => timeArgument(text)
  return command
    .option('--since <time>', `only ${what} since then: 2d, or 2026-11-23T14:00:00Z`, toTime)
    .option('--until <time>', `only ${what} before then`, toTime)
}

export function apiOf({ env }: CliContext, { api }: ApiOptions): ApiClient {
  return createApiClient(env, api)
}

export interface ListRequest {
  readonly api: string | undefined
  readonly json: boolean | undefined
  readonly path: string
  readonly filter: Query
  readonly limit: number
  readonly all: boolean | undefined
  /** For a person at a terminal, when there are none. */
  readonly none: string
}

/** Prints the pages of a list as they arrive, and says when it is empty or there is more. */
export async function printPages<T>(
  context: CliContext,
  listing: Listing<T>,
  { path, filter, limit, all, none, api, json }: ListRequest,
): Promise<void> {
  const pages = apiOf(context, { ...(api !== undefined && { api }) }).pages<T>(
    path,
    filter,
    all ? Infinity : limit,
  )
  let count = 0
  let isCut = false
  for await (const page of pages) {
    listing.add(page.items)
    count += page.items.length
    isCut = page.isCut
  }
  listing.end()
  if (!context.err.isTerminal || json) return
  if (count === 0) context.err.write(`${none}\n`)
  else if (isCut) context.err.write(`the first ${count}; more with --limit or --all\n`)
}
