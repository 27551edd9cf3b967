/** `sluice runs`: the newest runs, or those that a filter selects. @module */
import { InvalidArgumentError } from 'commander'
import type { Run } from '../../api/runs/model.ts'
import { RUN_STATES } from '../../queue/run.ts'
import { printPages, withApi, withTimes, type ApiOptions } from '../api-command.ts'
import { countArgument, shortId } from '../arguments.ts'
import { examples, UsageError, type CliCommand, type CliContext } from '../command.ts'
import { ageText, durationText } from '../terminal/amounts.ts'
import { watchScreen } from '../terminal/progress.ts'
import { createListing, type Column } from '../terminal/table.ts'
import { toneOf, type Terminal } from '../terminal/terminal.ts'

interface RunsOptions extends ApiOptions {
  readonly function?: string
  readonly status?: string
  readonly bucket?: string
  readonly prefix?: string
  readonly since?: string
  readonly until?: string
  readonly limit: number
  readonly all?: boolean
  readonly watch?: boolean
}

const COLUMNS: readonly Column<Run>[] = [
  { title: 'run', show: ({ id }) => shortId(id), plain: ({ id }) => id },
  {
    title: 'status',
    show: statusText,
    plain: ({ status }) => status,
    tone: ({ status }) => toneOf(status),
  },
  { title: 'function', show: (run) => run.function },
  {
    title: 'age',
    show: ({ createdAt }) => ageText(createdAt),
    plain: ({ createdAt }) => createdAt,
    isNumber: true,
  },
  {
    title: 'took',
    show: (run) => (run.startedAt === undefined ? '' : durationText(tookMs(run))),
    plain: (run) => (run.startedAt === undefined ? '' : String(tookMs(run))),
    isNumber: true,
  },
  { title: 'object', show: ({ object }) => `${object.bucket}/${object.key}` },
  // A person reads it below the row.
  { title: 'reason', show: reasonText, isForPrograms: true },
]

/** Such as `running 42 %`. */
function statusText({ status, progress }: Run): string {
  return progress?.percent === undefined ? status : `${status} ${Math.floor(progress.percent)} %`
}

/** The duration of the last attempt; so far, when it is in progress. */
function tookMs({ startedAt, endedAt }: Run): number {
  return (endedAt === undefined ? Date.now() : Date.parse(endedAt)) - Date.parse(startedAt ?? '')
}

/** The reason why it failed, or has failed so far. */
function reasonText({ error, reason }: Run): string {
  return error?.split('\n')[0] ?? reason ?? ''
}

export const runs: CliCommand = (command, context) => {
  withApi(command)
    .option('--function <name>', 'only runs of this function')
    .option('--status <list>', `only runs in these states: ${RUN_STATES.join(', ')}`, statusList)
    .option('--bucket <name>', 'only objects in this bucket')
    .option('--prefix <text>', 'only objects whose key has this prefix')
  withTimes(command, 'runs created')
    .option('--limit <n>', 'show at most this many', countArgument, 50)
    .option('--all', 'show all')
    .addHelpText(
      'after',
      examples('runs --status dead --since 2d', 'runs --watch', 'runs --function chunk --all --json'),
    )
    .option('--watch', 'refresh the list every second until Ctrl-C')
    .action(async ({ watch, ...options }: RunsOptions) => {
      if (!watch) return list(context, context.out, options)
      if (!context.out.isTerminal || options.json)
        throw new UsageError('--watch needs a terminal; a program can call `sluice runs --json` repeatedly')
      return watchScreen(context, (screen) => list(context, screen, options))
    })
}

async function list(
  context: CliContext,
  out: Terminal,
  { limit, all, json, api, ...filter }: Omit<RunsOptions, 'watch'>,
): Promise<void> {
  await printPages<Run>(context, createListing(out, COLUMNS, { json, note: reasonText }), {
    path: '/v1/runs',
    filter,
    limit,
    all,
    none: 'no run matches',
    json,
    api,
  })
}

function statusList(text: string): string {
  const wrong = text.split(',').filter((name) => !RUN_STATES.some((state) => state === name))
  if (wrong.length > 0)
    throw new InvalidArgumentError(
      `"${wrong.join(',')}" is not a state; the states are ${RUN_STATES.join(', ')}`,
    )
  return text
}
