/** `sluice reprocess`: runs objects again, by name or below a prefix. @module */
import { InvalidArgumentError, Option } from 'commander'
import type { Job, Preview } from '../../api/jobs/model.ts'
import { countArgument, rateArgument, timeArgument } from '../terminal/amounts.ts'
import { apiCommand, apiOf, type ApiOptions } from '../api-command.ts'
import { examples, UsageError, type CliCommand } from '../command.ts'
import { followJob, type FollowOptions } from '../terminal/follow-job.ts'
import { parseObjectName, parsePrefix } from '../object-name.ts'
import { isPreview, writePreview } from '../terminal/preview.ts'
import { fit } from '../terminal/printable.ts'
import { progressLine } from '../terminal/terminal.ts'

interface ReprocessOptions extends ApiOptions, FollowOptions {
  readonly prefix?: string
  readonly status?: string
  readonly function?: string
  readonly since?: string
  readonly until?: string
  readonly option?: Readonly<Record<string, string>>
  readonly dryRun?: boolean
  readonly limit?: number
  readonly rate?: number
  readonly force?: boolean
}

export const reprocess: CliCommand = (program, context) => {
  apiCommand(program, 'reprocess')
    .description('run objects again, behind live uploads: those that are named, or all below a prefix')
    .argument('[objects...]', '<bucket>/<key>, all of one bucket')
    .option('--prefix <bucket/prefix>', 'all objects whose key begins so; incoming/ for the whole bucket')
    .addOption(
      new Option(
        '--status <status>',
        'only what failed, is missing, or was made by another version of the function',
      ).choices(['any', 'failed', 'missing', 'outdated']),
    )
    .option('--function <name>', 'only this one (default: every function that matches)')
    .option('--since <time>', 'uploaded since then: 2d, or 2026-11-23T14:00:00Z', (text) =>
      timeArgument(text),
    )
    .option('--until <time>', 'uploaded before then', (text) => timeArgument(text))
    .option('--option <name=value>', 'an option of the function, over all others; may be repeated', addOption)
    .option('--dry-run', 'only say what would be done')
    .option('--limit <n>', 'more than so many (default: 1000) is an error, never a silent cut', countArgument)
    .option('--rate <n>', 'runs handed out per second', rateArgument)
    .option('--force', 'also what is queued or running: it begins anew')
    .option('--no-wait', 'do not wait until all are handed out')
    .option('--wait-runs', 'wait until the runs have ended; exit 1 when some have no result')
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
        dryRun: options.dryRun,
        limit: options.limit,
        ratePerSecond: options.rate,
        force: options.force,
      }
      const api = apiOf(context, options)
      const line = progressLine(context.err, fit)
      line.show('looking for what matches …')
      const answer = await api.post<Preview | Job>('/v1/reprocess', body).finally(() => line.clear())
      if (isPreview(answer)) writePreview(context.out, answer, options)
      else await followJob(api, answer, options, context)
    })
}

/** @throws {UsageError} when it is not clear which objects are meant */
function targetsOf(names: readonly string[], prefix: string | undefined) {
  if ((names.length === 0) === (prefix === undefined))
    throw new UsageError('name objects, or give --prefix <bucket>/<prefix>: one of both')
  if (prefix !== undefined) return parsePrefix(prefix)
  const objects = names.map(parseObjectName)
  const folder = names.find((name) => name.endsWith('/'))
  if (folder !== undefined) {
    throw new UsageError(
      `"${folder}" ends with a slash, and is no file: for all below it write --prefix ${folder}`,
    )
  }
  const buckets = [...new Set(objects.map(({ bucket }) => bucket))]
  if (buckets.length > 1)
    throw new UsageError(`objects of one bucket at a time: these are of ${buckets.join(', ')}`)
  return { bucket: buckets[0], keys: objects.map(({ key }) => key) }
}

function addOption(text: string, before: Readonly<Record<string, string>> = {}): Record<string, string> {
  const [, name, value] = /^([^=\s]+)=(.*)$/s.exec(text) ?? []
  if (name === undefined || value === undefined)
    throw new InvalidArgumentError('write name=value, such as seconds=4')
  return { ...before, [name]: value }
}
