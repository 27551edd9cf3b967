/** `sluice sweep`: compares the buckets with the runs, heals what was lost, and says what it found. @module */
import type { FunctionView } from '../../api/functions/model.ts'
import type { Sweep, SweepPass, SweepPreview } from '../../api/sweep/model.ts'
import { SECOND_MS, sleep } from '../../time.ts'
import type { ApiClient } from '../../api/client.ts'
import { apiCommand, apiOf, type ApiOptions } from '../api-command.ts'
import {
  BadNewsError,
  examples,
  InterruptedError,
  UsageError,
  type CliCommand,
  type CliContext,
} from '../command.ts'
import { fit, printable } from '../terminal/printable.ts'
import { lookedAt, writePasses, writeReport } from '../terminal/sweep-report.ts'
import { writeJson } from '../terminal/table.ts'
import { progressLine } from '../terminal/terminal.ts'

interface SweepOptions extends ApiOptions {
  readonly dryRun?: boolean
  readonly recent?: boolean
  readonly bucket?: string
  readonly prefix?: string
  readonly wait: boolean
  readonly status?: boolean
}

const POLL_MS = SECOND_MS / 2

export const sweep: CliCommand = (program, context) => {
  apiCommand(program, 'sweep')
    .description('compare the buckets with the runs now, and heal what was lost')
    .option('--dry-run', 'only say what would be healed')
    .option('--recent', 'only what came since shortly before the last sweep')
    .option('--bucket <bucket>', 'only this one')
    .option(
      '--prefix <prefix>',
      'only keys that begin so; <bucket>/<prefix> where functions read such a bucket',
    )
    .option('--status', 'only say which sweeps wait, go on, and have ended last')
    .option('--no-wait', 'do not wait for its end')
    .addHelpText(
      'after',
      examples('sweep --dry-run', 'sweep', 'sweep --prefix incoming/2026/', 'sweep --status'),
    )
    .action(async (options: SweepOptions) => {
      const { dryRun, recent } = options
      const api = apiOf(context, options)
      if (options.status) return showPasses(api, options, context)
      const part = await partOf(api, options)
      const line = progressLine(context.err, fit)
      if (dryRun) line.show('comparing the buckets with the runs …')
      const body = { kind: recent ? 'recent' : 'full', dryRun, ...part }
      const answer = await api.post<SweepPreview | SweepPass>('/v1/sweep', body).finally(() => line.clear())
      const isPreview = !('id' in answer)
      const found = isPreview || !options.wait ? answer : await untilDone(api, answer, context)
      if (options.json) return writeJson(context.out, found)
      if ('id' in found && (found.status === 'waiting' || found.status === 'running')) {
        return context.out.write(`sweep ${printable(found.id)}: begins when none before it goes on\n`)
      }
      writeReport(context.out, found)
      if (found.failure !== undefined)
        throw new BadNewsError(`not everything could be looked at: ${printable(found.failure)}`)
    })
}

async function showPasses(api: ApiClient, options: SweepOptions, { out }: CliContext): Promise<void> {
  const { dryRun, recent, bucket, prefix, json } = options
  if (dryRun || recent || bucket !== undefined || prefix !== undefined)
    throw new UsageError('--status begins nothing: give it alone')
  const known = await api.get<Sweep>('/v1/sweep')
  if (json) writeJson(out, known)
  else writePasses(out, known.passes)
}

/** A prefix may be written as `reprocess` wants it: with a bucket that functions read before it. */
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

async function untilDone(api: ApiClient, asked: SweepPass, { signals, err }: CliContext): Promise<SweepPass> {
  const stopping = new AbortController()
  const onInterrupt = () => stopping.abort()
  signals.on('SIGINT', onInterrupt)
  const line = progressLine(err, fit)
  try {
    for (let pass = asked; ;) {
      if (pass.status === 'done' || pass.status === 'failed') return pass
      line.show(pass.status === 'waiting' ? 'waiting for its turn …' : lookedAt(pass))
      await sleep(POLL_MS, stopping.signal)
      if (stopping.signal.aborted) throw new InterruptedError('the sweep goes on')
      const { passes } = await api.get<Sweep>('/v1/sweep')
      const found = passes.find(({ id }) => id === asked.id)
      if (!found)
        throw new BadNewsError(
          'nobody knows of this sweep any more: Redis was emptied, or others were asked for',
        )
      pass = found
    }
  } finally {
    line.clear()
    signals.off('SIGINT', onInterrupt)
  }
}
