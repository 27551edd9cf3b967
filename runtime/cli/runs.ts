/** `sluice runs`: the newest runs, or those that a filter names. @module */
import { InvalidArgumentError } from 'commander'
import type { Run } from '../api/model/run.ts'
import { RUN_STATES } from '../queue/run.ts'
import { ageText, countArgument, timeArgument } from './amounts.ts'
import { apiCommand, apiOf, type ApiOptions } from './api-command.ts'
import { examples, type CliCommand } from './command.ts'
import { createListing, type Column } from './table.ts'
import { toneOf } from './tones.ts'

interface RunsOptions extends ApiOptions {
  readonly function?: string
  readonly status?: string
  readonly bucket?: string
  readonly prefix?: string
  readonly since?: string
  readonly until?: string
  readonly limit: number
  readonly all?: boolean
}

const COLUMNS: readonly Column<Run>[] = [
  { title: 'run', show: ({ id }) => id },
  { title: 'status', show: ({ status }) => status, tone: ({ status }) => toneOf(status) },
  { title: 'function', show: (run) => run.function },
  {
    title: 'age',
    show: ({ createdAt }) => ageText(createdAt),
    plain: ({ createdAt }) => createdAt,
    isNumber: true,
  },
  { title: 'object', show: ({ object }) => `${object.bucket}/${object.key}`, isFlexible: true },
]

export const runs: CliCommand = (program, context) => {
  apiCommand(program, 'runs')
    .description('list runs, the newest first')
    .option('--function <name>', 'of this function')
    .option('--status <list>', `in one of these states: ${RUN_STATES.join(', ')}`, statusList)
    .option('--bucket <name>', 'of objects in this bucket')
    .option('--prefix <text>', 'of objects whose key begins so')
    .option('--since <time>', 'made since then: 2d, or 2026-11-23T14:00:00Z', (text) => timeArgument(text))
    .option('--until <time>', 'made before then', (text) => timeArgument(text))
    .option('--limit <n>', 'at most so many', countArgument, 50)
    .option('--all', 'without a limit')
    .addHelpText('after', examples('runs --status dead --since 2d', 'runs --function chunk --all --json'))
    .action(async ({ limit, all, json, api, ...filter }: RunsOptions) => {
      const listing = createListing(context.out, COLUMNS, { json })
      let count = 0
      let isCut = false
      const pages = apiOf(context, { ...(api !== undefined && { api }) }).pages<Run>(
        '/v1/runs',
        { ...filter },
        all ? Infinity : limit,
      )
      for await (const page of pages) {
        listing.add(page.items)
        count += page.items.length
        isCut = page.isCut
      }
      listing.end()
      if (context.err.isTerminal && !json) {
        if (count === 0) context.err.write('no such run is remembered\n')
        else if (isCut) context.err.write(`the first ${count}; more with --limit or --all\n`)
      }
    })
}

function statusList(text: string): string {
  const wrong = text.split(',').filter((name) => !RUN_STATES.some((state) => state === name))
  if (wrong.length > 0)
    throw new InvalidArgumentError(`"${wrong.join(',')}": there are ${RUN_STATES.join(', ')}`)
  return text
}
