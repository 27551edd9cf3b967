/** `sluice results [prefix]`: the results that are stored. @module */
import type { Result } from '../../api/results/model.ts'
import { formatBytes } from '../../amounts.ts'
import { printPages, withApi, type ApiOptions } from '../api-command.ts'
import { countArgument, parsePrefix } from '../arguments.ts'
import { examples, type CliCommand } from '../command.ts'
import { ageText, countText } from '../terminal/amounts.ts'
import { createListing, type Column } from '../terminal/table.ts'

interface ResultsOptions extends ApiOptions {
  readonly function?: string
  readonly limit: number
  readonly all?: boolean
}

const COLUMNS: readonly Column<Result>[] = [
  { title: 'function', show: (result) => result.function },
  { title: 'files', show: ({ files }) => String(files), isNumber: true },
  {
    title: 'size',
    show: ({ bytes }) => formatBytes(bytes),
    plain: ({ bytes }) => String(bytes),
    isNumber: true,
  },
  {
    title: 'age',
    show: ({ finishedAt }) => ageText(finishedAt),
    plain: ({ finishedAt }) => finishedAt,
    isNumber: true,
  },
  { title: 'source', show: ({ bucket, key }) => `${bucket}/${key}` },
  { title: 'manifest', show: ({ manifest }) => `${manifest.bucket}/${manifest.key}`, isForPrograms: true },
]

/** The place of its manifest, and how many warnings are in it. */
function noteOf({ manifest, warnings }: Result): string {
  const said = warnings === 0 ? '' : ` (${countText(warnings, 'warning')})`
  return `${manifest.bucket}/${manifest.key}${said}`
}

export const results: CliCommand = (command, context) => {
  withApi(command)
    .argument('[prefix]', 'only sources in <bucket>/<prefix>')
    .option('--function <name>', 'only results of this function')
    .option('--limit <n>', 'show at most this many', countArgument, 50)
    .option('--all', 'show all')
    .addHelpText(
      'after',
      examples('results', 'results incoming/films/', 'results incoming/a.mp4 --function chunk --json'),
    )
    .action(async (prefix: string | undefined, { limit, all, json, api, ...filter }: ResultsOptions) => {
      await printPages<Result>(context, createListing(context.out, COLUMNS, { json, note: noteOf }), {
        path: '/v1/results',
        filter: { ...filter, ...(prefix !== undefined && parsePrefix(prefix)) },
        limit,
        all,
        none: 'no result has this prefix',
        json,
        api,
      })
    })
}
