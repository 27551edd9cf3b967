/** `sluice redrive`: runs dead letters again, one by its id or all that a filter selects. @module */
import { Option } from 'commander'
import type { Job, Preview } from '../../api/jobs/model.ts'
import type { RunDetail } from '../../api/runs/model.ts'
import { apiOf, withApi, withTimes, type ApiOptions } from '../api-command.ts'
import { runArgument } from '../arguments.ts'
import { examples, UsageError, type CliCommand } from '../command.ts'
import { JOB_FILTERS, jobFieldsOf, reportJob, withJob, type JobOptions } from '../terminal/job.ts'
import { printable } from '../../printable.ts'
import { writeJson } from '../terminal/table.ts'

interface RedriveOptions extends ApiOptions, JobOptions {
  readonly all?: boolean
  readonly function?: string
  readonly reason?: string
  readonly bucket?: string
  readonly prefix?: string
  readonly since?: string
  readonly until?: string
  readonly force?: boolean
}

const FILTERS = ['function', 'reason', 'bucket', 'prefix', 'since', 'until', ...JOB_FILTERS] as const

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
  withJob(withTimes(command, 'runs that ended'))
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
      const { reason, bucket, prefix, since, until, ...rest } = options
      const body = { function: rest.function, reason, bucket, prefix, since, until, ...jobFieldsOf(options) }
      const answer = await api.post<Preview | Job>('/v1/dead-letters/redrive', body)
      await reportJob(api, answer, options, context)
    })
}
