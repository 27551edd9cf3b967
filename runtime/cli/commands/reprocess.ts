/** `sluice reprocess`: runs objects again, by name or below a prefix. @module */
import { Option } from 'commander'
import type { Job, Preview } from '../../api/jobs/model.ts'
import { apiOf, withApi, withTimes, type ApiOptions } from '../api-command.ts'
import { collectAssignment, parseObjectName, parsePrefix } from '../arguments.ts'
import { examples, UsageError, type CliCommand } from '../command.ts'
import { jobFieldsOf, reportJob, withJob, type JobOptions } from '../terminal/job.ts'
import { progressLine } from '../terminal/progress.ts'

interface ReprocessOptions extends ApiOptions, JobOptions {
  readonly prefix?: string
  readonly status?: string
  readonly function?: string
  readonly since?: string
  readonly until?: string
  readonly option?: Readonly<Record<string, string>>
  readonly force?: boolean
}

export const reprocess: CliCommand = (command, context) => {
  withApi(command)
    .argument('[objects...]', '<bucket>/<key>, all in one bucket')
    .option('--prefix <bucket/prefix>', 'all objects under this prefix; incoming/ means the whole bucket')
    .addOption(
      new Option(
        '--status <status>',
        'only objects whose result failed, is missing, or comes from another version of the function',
      ).choices(['any', 'failed', 'missing', 'outdated']),
    )
    .option('--function <name>', 'only this function (default: every function that matches)')
    .option(
      '--option <name=value>',
      'an option of the function, which overrides all others; repeatable',
      collectAssignment,
    )
    .option('--force', 'include runs that are queued or running; they restart')
  withJob(withTimes(command, 'objects uploaded'))
    .addHelpText(
      'after',
      examples(
        'reprocess incoming/a.mp4 --option seconds=4',
        'reprocess --prefix incoming/2024/ --status failed --dry-run',
        'reprocess --prefix incoming/ --function chunk --status outdated --limit 5000 --rate 2',
      ),
    )
    .action(async (names: readonly string[], options: ReprocessOptions) => {
      const body = {
        ...targetsOf(names, options.prefix),
        status: options.status,
        function: options.function,
        uploadedAfter: options.since,
        uploadedBefore: options.until,
        options: options.option,
        force: options.force,
        ...jobFieldsOf(options),
      }
      const api = apiOf(context, options)
      const line = progressLine(context.err)
      line.show('looking for objects that match …')
      const answer = await api.post<Preview | Job>('/v1/reprocess', body).finally(() => line.clear())
      await reportJob(api, answer, options, context)
    })
}

/** @throws {UsageError} when it is not clear which objects are meant */
function targetsOf(names: readonly string[], prefix: string | undefined) {
  if ((names.length === 0) === (prefix === undefined))
    throw new UsageError('name objects or give --prefix <bucket>/<prefix>, not both')
  if (prefix !== undefined) return parsePrefix(prefix)
  const objects = names.map(parseObjectName)
  const folder = names.find((name) => name.endsWith('/'))
  if (folder !== undefined) {
    throw new UsageError(
      `"${folder}" is a prefix, not an object: use --prefix ${folder} for everything below it`,
    )
  }
  const buckets = [...new Set(objects.map(({ bucket }) => bucket))]
  if (buckets.length > 1)
    throw new UsageError(`name objects of one bucket at a time: these are in ${buckets.join(', ')}`)
  return { bucket: buckets[0], keys: objects.map(({ key }) => key) }
}
