/** `sluice redrive`: runs dead letters again, those that are named or all that a filter finds. @module */
import { Option } from 'commander'
import type { Job, Preview } from '../../api/jobs/model.ts'
import type { RunDetail } from '../../api/runs/model.ts'
import { countArgument, rateArgument, timeArgument } from '../terminal/amounts.ts'
import { apiCommand, apiOf, type ApiOptions } from '../api-command.ts'
import { examples, UsageError, type CliCommand } from '../command.ts'
import { followJob, type FollowOptions } from '../terminal/follow-job.ts'
import { runArgument } from '../ids.ts'
import { isPreview, writePreview } from '../terminal/preview.ts'
import { printable } from '../terminal/printable.ts'
import { writeJson } from '../terminal/table.ts'

interface RedriveOptions extends ApiOptions, FollowOptions {
  readonly all?: boolean
  readonly function?: string
  readonly reason?: string
  readonly bucket?: string
  readonly prefix?: string
  readonly since?: string
  readonly until?: string
  readonly dryRun?: boolean
  readonly limit?: number
  readonly rate?: number
  readonly force?: boolean
}

const FILTERS = [
  'function',
  'reason',
  'bucket',
  'prefix',
  'since',
  'until',
  'dryRun',
  'limit',
  'rate',
] as const

export const redrive: CliCommand = (program, context) => {
  apiCommand(program, 'redrive')
    .description('run dead letters again, from the start and behind live uploads: one by its id, or --all')
    .argument('[run]', 'its id, which logs, verdicts and manifests name', runArgument)
    .option('--force', 'also a run that waits, runs or succeeded: it begins anew')
    .option('--all', 'every dead letter, or those that the options below name')
    .option('--function <name>', 'of this function')
    .addOption(
      new Option('--reason <reason>', 'that died so').choices(['permanent', 'exhausted', 'crash-loop']),
    )
    .option('--bucket <name>', 'of objects in this bucket')
    .option('--prefix <text>', 'of objects whose key begins so')
    .option('--since <time>', 'that died since then: 2d, or 2026-11-23T14:00:00Z', (text) =>
      timeArgument(text),
    )
    .option('--until <time>', 'that died before then', (text) => timeArgument(text))
    .option('--dry-run', 'only say what would be done')
    .option('--limit <n>', 'more than so many (default: 1000) is an error, never a silent cut', countArgument)
    .option('--rate <n>', 'runs handed out per second', rateArgument)
    .option('--no-wait', 'do not wait until all are handed out')
    .option('--wait-runs', 'wait until the runs have ended; exit 1 when some have no result')
    .addHelpText(
      'after',
      examples(
        'redrive 0123456789abcdef0123456789abcdef',
        'redrive --all --function chunk --since 2d --dry-run',
      ),
    )
    .action(async (id: string | undefined, options: RedriveOptions) => {
      if ((id === undefined) === !options.all) throw new UsageError('name a run, or give --all: one of both')
      const api = apiOf(context, options)
      if (id !== undefined) {
        const filter = FILTERS.find((name) => options[name] !== undefined)
        if (filter) throw new UsageError('a run that is named needs no filter: leave it out, or the run')
        const run = await api.post<RunDetail>(`/v1/runs/${id}/retry`, { force: options.force ?? false })
        if (options.json) return writeJson(context.out, run)
        return context.out.write(`run ${id} is ${printable(run.status)} again, behind live uploads\n`)
      }
      const {
        function: name,
        reason,
        bucket,
        prefix,
        since,
        until,
        dryRun,
        limit,
        rate: ratePerSecond,
      } = options
      const body = { function: name, reason, bucket, prefix, since, until, dryRun, limit, ratePerSecond }
      const answer = await api.post<Preview | Job>('/v1/dead-letters/redrive', body)
      if (isPreview(answer)) writePreview(context.out, answer, options)
      else await followJob(api, answer, options, context)
    })
}
