/** `sluice results [prefix]`: what the functions have made. @module */
import type { Result } from '../../api/results/model.ts'
import { formatBytes } from '../../amounts.ts'
import { ageText, countArgument, countText } from '../terminal/amounts.ts'
import { apiCommand, apiOf, type ApiOptions } from '../api-command.ts'
import { examples, type CliCommand } from '../command.ts'
import { parsePrefix } from '../object-name.ts'
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

/** Where it is, and whether its manifest has something to say. */
function noteOf({ manifest, warnings }: Result): string {
  const said = warnings === 0 ? '' : ` (${countText(warnings, 'warning')})`
  return `${manifest.bucket}/${manifest.key}${said}`
}

export const results: CliCommand = (program, context) => {
  apiCommand(program, 'results')
    .description('list the results that are stored, in the order of their manifests’ buckets and keys')
    .argument('[prefix]', 'of their sources: <bucket>/<beginning of the key>')
    .option('--function <name>', 'of this function')
    .option('--limit <n>', 'at most this many', countArgument, 50)
    .option('--all', 'without a limit')
    .addHelpText(
      'after',
      examples('results', 'results incoming/films/', 'results incoming/a.mp4 --function chunk --json'),
    )
    .action(async (prefix: string | undefined, { limit, all, json, api, ...filter }: ResultsOptions) => {
      const listing = createListing(context.out, COLUMNS, { json, note: noteOf })
      let count = 0
      let isCut = false
      const pages = apiOf(context, { ...(api !== undefined && { api }) }).pages<Result>(
        '/v1/results',
        { ...filter, ...(prefix !== undefined && parsePrefix(prefix)) },
        all ? Infinity : limit,
      )
      for await (const page of pages) {
        listing.add(page.items)
        count += page.items.length
        isCut = page.isCut
      }
      listing.end()
      if (context.err.isTerminal && !json) {
        if (count === 0) context.err.write('no result has this prefix\n')
        else if (isCut) context.err.write(`the first ${count}; more with --limit or --all\n`)
      }
    })
}
