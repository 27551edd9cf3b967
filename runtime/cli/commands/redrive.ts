/** `sluice redrive`: runs dead letters again, one by its id or all that a filter selects. @module */
import { Option } from 'commander'
import type { Job, Preview } from '../../api/jobs/model.ts'
import type { RunDetail } from '../../api/runs/model.ts'
import { apiOf, withApi, type ApiOptions } from '../api-command.ts'
import { countArgument, rateArgument, runArgument, timeArgument } from '../arguments.ts'
import { examples, UsageError, type CliCommand } from '../command.ts'
import { reportJob, type FollowOptions } from '../terminal/job.ts'
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

export const redrive: CliCommand = (command, context) => {
  withApi(command)
    .argument('[run]', 'the id of a run, as in logs, verdicts and manifests', runArgument)
    .option('--force', 'include a run that is waiting, running or succeeded; it restarts')
    .option('--all', 'every dead letter, or those that the options below select')
    .option('--function <name>', 'only runs of this function')
    .addOption(
      new Option('--reason <reason>', 'only runs that ended for this reason').choices([
        'permanent',
        'exhausted',
        'crash-loop',
      ]),
    )
    .option('--bucket <name>', 'only objects in this bucket')
    .option('--prefix <text>', 'only objects whose key has this prefix')
    .option('--since <time>', 'only runs that ended since then: 2d, or 2026-11-23T14:00:00Z', (text) =>
      timeArgument(text),
    )
    .option('--until <time>', 'only runs that ended before then', (text) => timeArgument(text))
    .option('--dry-run', 'only print what would be done')
    .option('--limit <n>', 'fail when more than this many match (default: 1000)', countArgument)
    .option('--rate <n>', 'hand out this many runs per second', rateArgument)
    .option('--no-wait', 'return without waiting until all are handed out')
    .option('--wait-runs', 'wait until the runs have ended; exit with 1 when some have no result')
    .addHelpText(
      'after',
      examples(
        'redrive 0123456789abcdef0123456789abcdef',
        'redrive --all --function chunk --since 2d --dry-run',
      ),
    )
    .action(async (id: string | undefined, options: RedriveOptions) => {
      if ((id === undefined) === !options.all) throw new UsageError('name a run or give --all, not both')
      const api = apiOf(context, options)
      if (id !== undefined) {
        const filter = FILTERS.find((name) => options[name] !== undefined)
        if (filter)
          throw new UsageError('a run that is named needs no filter: leave out the filter or the run')
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
      await reportJob(api, answer, options, context)
    })
}
