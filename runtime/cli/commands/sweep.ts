/** `sluice sweep`: compares the buckets with the runs, heals what was lost, and reports what it found. @module */
import type { FunctionView } from '../../api/functions/model.ts'
import type { Sweep, SweepPass, SweepPreview } from '../../api/sweep/model.ts'
import { SECOND_MS, sleep } from '../../time.ts'
import type { ApiClient } from '../../api/client.ts'
import { apiOf, withApi, type ApiOptions } from '../api-command.ts'
import {
  BadNewsError,
  examples,
  InterruptedError,
  UsageError,
  type CliCommand,
  type CliContext,
} from '../command.ts'
import { printable } from '../../printable.ts'
import { interruptible, progressLine } from '../terminal/progress.ts'
import { checkedText, writePasses, writeReport } from '../terminal/sweep-report.ts'
import { writeJson } from '../terminal/table.ts'

interface SweepOptions extends ApiOptions {
  readonly dryRun?: boolean
  readonly recent?: boolean
  readonly bucket?: string
  readonly prefix?: string
  readonly wait: boolean
  readonly status?: boolean
}

const POLL_MS = SECOND_MS / 2

export const sweep: CliCommand = (command, context) => {
  withApi(command)
    .option('--dry-run', 'only print what would be healed')
    .option('--recent', 'only objects uploaded since shortly before the last sweep')
    .option('--bucket <bucket>', 'only this bucket')
    .option(
      '--prefix <prefix>',
      'only keys with this prefix, or <bucket>/<prefix> for a bucket that functions read',
    )
    .option('--status', 'only print the sweeps that are waiting, running or ended recently')
    .option('--no-wait', 'return without waiting for its end')
    .addHelpText(
      'after',
      examples('sweep --dry-run', 'sweep', 'sweep --prefix incoming/2026/', 'sweep --status'),
    )
    .action(async (options: SweepOptions) => {
      const { dryRun, recent } = options
      const api = apiOf(context, options)
      if (options.status) return showPasses(api, options, context)
      const part = await partOf(api, options)
      const line = progressLine(context.err)
      if (dryRun) line.show('comparing the buckets with the runs …')
      const body = { kind: recent ? 'recent' : 'full', dryRun, ...part }
      const answer = await api.post<SweepPreview | SweepPass>('/v1/sweep', body).finally(() => line.clear())
      const isPreview = !('id' in answer)
      const found = isPreview || !options.wait ? answer : await untilDone(api, answer, context)
      if (options.json) return writeJson(context.out, found)
      if ('id' in found && (found.status === 'waiting' || found.status === 'running')) {
        return context.out.write(
          `sweep ${printable(found.id)}: queued; starts when earlier sweeps have finished\n`,
        )
      }
      writeReport(context.out, found)
      if (found.failure !== undefined)
        throw new BadNewsError(`not everything could be checked: ${printable(found.failure)}`)
    })
}

async function showPasses(api: ApiClient, options: SweepOptions, { out }: CliContext): Promise<void> {
  const { dryRun, recent, bucket, prefix, json } = options
  if (dryRun || recent || bucket !== undefined || prefix !== undefined)
    throw new UsageError('--status starts no sweep: give it without other options')
  const known = await api.get<Sweep>('/v1/sweep')
  if (json) writeJson(out, known)
  else writePasses(out, known.passes)
}

/** A prefix may be written as `reprocess` takes it: after a bucket that functions read. */
async function partOf(
  api: ApiClient,
  { bucket, prefix }: SweepOptions,
): Promise<{ readonly bucket?: string | undefined; readonly prefix?: string | undefined }> {
  const slash = prefix?.indexOf('/') ?? -1
  if (bucket !== undefined || prefix === undefined || slash < 1) return { bucket, prefix }
  const { items } = await api.get<{ items: readonly FunctionView[] }>('/v1/functions')
  const first = prefix.slice(0, slash)
  if (!items.some(({ on }) => on.bucket === first)) return { prefix }
  const rest = prefix.slice(slash + 1)
  return { bucket: first, ...(rest !== '' && { prefix: rest }) }
}

async function untilDone(api: ApiClient, asked: SweepPass, context: CliContext): Promise<SweepPass> {
  const line = progressLine(context.err)
  const poll = async (signal: AbortSignal) => {
    let pass = asked
    while (pass.status !== 'done' && pass.status !== 'failed') {
      line.show(pass.status === 'waiting' ? 'waiting for its turn …' : checkedText(pass))
      await sleep(POLL_MS, signal)
      if (signal.aborted) throw new InterruptedError('the sweep is still running')
      const { passes } = await api.get<Sweep>('/v1/sweep')
      const found = passes.find(({ id }) => id === asked.id)
      if (!found)
        throw new BadNewsError(
          'this sweep is no longer known: Redis was emptied, or newer sweeps replaced it',
        )
      pass = found
    }
    return pass
  }
  return interruptible(context, poll).finally(() => line.clear())
}
