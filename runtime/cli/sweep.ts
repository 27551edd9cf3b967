/** `sluice sweep`: compares the buckets with the runs, heals what was lost, and says what it found. @module */
import type { HealReason, ReportReason } from '../sweep/decide.ts'
import type { Sweep, SweepPass, SweepPreview } from '../api/model/sweep.ts'
import { SECOND_MS, sleep } from '../time.ts'
import type { ApiClient } from './api-client.ts'
import { apiCommand, apiOf, type ApiOptions } from './api-command.ts'
import { countText } from './amounts.ts'
import { BadNewsError, examples, InterruptedError, type CliCommand, type CliContext } from './command.ts'
import { fit, printable } from './printable.ts'
import { writeJson } from './table.ts'
import { progressLine, type Terminal } from './terminal.ts'

interface SweepOptions extends ApiOptions {
  readonly dryRun?: boolean
  readonly recent?: boolean
  readonly bucket?: string
  readonly prefix?: string
  readonly wait: boolean
}

const POLL_MS = SECOND_MS / 2

const HEALED: Readonly<Record<HealReason, string>> = {
  'lost-event': 'never heard of, and run now',
  restored: 'the latest version once more, and run again',
  'stream-entry': 'a run that had lost its place in its queue',
  'delay-entry': 'a run whose retry had been lost',
  'lost-delete': 'a result of a deleted source, which goes too',
}

const REPORTED: Readonly<Record<ReportReason, string>> = {
  'before-watermark': 'there before the function was set up: sluice reprocess runs them',
  'not-set-up': 'of a function that was never set up: sluice setup',
  'too-young': 'just uploaded, and left to their events',
  'event-unknown': 'may have come in a way that the function is not for: sluice reprocess runs them',
  'deleted-before': 'a result of a source that was deleted before the last full sweep, which let it stand',
  unreadable: 'the store does not give what would tell of them: the log names them',
  'bucket-refused': 'a bucket that the store does not list',
}

export const sweep: CliCommand = (program, context) => {
  apiCommand(program, 'sweep')
    .description('compare the buckets with the runs now, and heal what was lost')
    .option('--dry-run', 'only say what would be healed')
    .option('--recent', 'only what came since shortly before the last sweep')
    .option('--bucket <bucket>', 'only this one')
    .option('--prefix <prefix>', 'only keys that begin so')
    .option('--no-wait', 'do not wait for its end')
    .addHelpText('after', examples('sweep --dry-run', 'sweep', 'sweep --bucket incoming --prefix 2026/'))
    .action(async (options: SweepOptions) => {
      const { dryRun, recent, bucket, prefix } = options
      const api = apiOf(context, options)
      const line = progressLine(context.err, fit)
      if (dryRun) line.show('comparing the buckets with the runs …')
      const body = { kind: recent ? 'recent' : 'full', dryRun, bucket, prefix }
      const answer = await api.post<SweepPreview | SweepPass>('/v1/sweep', body).finally(() => line.clear())
      const isPreview = !('id' in answer)
      const found = isPreview || !options.wait ? answer : await untilDone(api, answer, context)
      if (options.json) return writeJson(context.out, found)
      if ('id' in found && (found.status === 'waiting' || found.status === 'running')) {
        return context.out.write(`sweep ${printable(found.id)}: begins when none before it goes on\n`)
      }
      writeReport(context.out, found, isPreview)
      if (found.failure !== undefined)
        throw new BadNewsError(`not everything could be looked at: ${printable(found.failure)}`)
    })
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

function writeReport(out: Terminal, report: SweepPass | SweepPreview, isPreview: boolean): void {
  const healed = linesOf(report.healed, HEALED)
  const reported = linesOf(report.reported, REPORTED)
  out.write(`${lookedAt(report)}\n`)
  if (report.objects === 0)
    out.write('no key begins so, or the buckets are empty: a prefix is of keys, without the bucket\n')
  else if (healed.length === 0) out.write('nothing was lost\n')
  else out.write(`${isPreview ? 'would be healed' : 'healed'}:\n${healed.join('')}`)
  if ('sample' in report) {
    for (const { reason, function: name, bucket, key } of report.sample)
      out.write(`  ${printable(reason)}  ${printable(name)}  ${printable(`${bucket}/${key}`)}\n`)
  }
  if (reported.length > 0) out.write(`left alone:\n${reported.join('')}`)
}

function lookedAt({ objects, runs }: Pick<SweepPass, 'objects' | 'runs'>): string {
  // A sweep of a part compares its objects' runs, and looks at no others.
  const others = runs > 0 ? ` and ${countText(runs, 'run')}` : ''
  return `${countText(objects, 'object')}${others} looked at`
}

function linesOf(
  counts: Readonly<Record<string, number>>,
  words: Readonly<Record<string, string>>,
): readonly string[] {
  return Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([reason, count]) => `  ${count} ${printable(reason)}${words[reason] ? `: ${words[reason]}` : ''}\n`)
}
