/** The findings of a sweep, in words. @module */
import type { SweepPass, SweepPreview } from '../../api/sweep/model.ts'
import type { HealReason, ReportReason } from '../../queue/sweeps.ts'
import { countText, timeText } from './amounts.ts'
import { printable } from '../../printable.ts'
import { shownOn } from './printable.ts'
import type { Terminal } from './terminal.ts'

const HEALED: Readonly<Record<HealReason, string>> = {
  'lost-event': 'never announced, and run now',
  restored: 'the latest version again, and run again',
  'stream-entry': 'a run that had lost its place in its queue',
  'delay-entry': 'a run whose retry had been lost',
  'lost-delete': 'a result of a deleted source, removed as well',
}

const REPORTED: Readonly<Record<ReportReason, string>> = {
  'before-watermark': 'uploaded before the function was set up: sluice reprocess runs them',
  'not-set-up': 'of a function that was never set up: run sluice setup',
  'too-young': 'just uploaded: their events are still expected',
  'event-unknown':
    'the kind of upload is not known, and the function takes only some kinds: sluice reprocess runs them',
  removed: 'their result was removed on purpose: sluice reprocess makes it again',
  'past-keeping':
    'older than the time that results are kept (SLUICE_RESULTS_KEPT): sluice reprocess runs them',
  'source-stays':
    'done, but not removed after success as their function asks (Redis was emptied, or another function has not succeeded): sluice reprocess runs and removes them',
  'deleted-before': 'a result of a source that was deleted before the last full sweep, which kept it',
  unreadable: 'the store does not return the data to decide: the log names them',
  'bucket-refused': 'a bucket that the store refuses to list',
}

export function writeReport(out: Terminal, report: SweepPass | SweepPreview): void {
  const healed = linesOf(report.healed, HEALED)
  const reported = linesOf(report.reported, REPORTED)
  const isPreview = 'sample' in report
  out.write(`${checkedText(report)}\n`)
  if (report.objects === 0) out.write('no object has this prefix, or the buckets are empty\n')
  else if (healed.length === 0) out.write('nothing was lost\n')
  else out.write(`${isPreview ? 'would be healed' : 'healed'}:\n${healed.join('')}`)
  if ('sample' in report) {
    for (const { reason, function: name, bucket, key } of report.sample)
      out.write(`  ${printable(reason)}  ${printable(name)}  ${shownOn(out, `${bucket}/${key}`)}\n`)
  }
  if (reported.length > 0) out.write(`left alone:\n${reported.join('')}`)
  for (const { reason, function: name, bucket, key } of report.left ?? []) {
    const where = key === undefined ? bucket : `${bucket}/${key}`
    out.write(`  ${[reason, name ?? '-', where].map((text) => shownOn(out, text)).join('  ')}\n`)
  }
}

export function checkedText({ objects, runs }: Pick<SweepPass, 'objects' | 'runs'>): string {
  // The sweep of a part compares only the runs of its objects.
  const others = runs > 0 ? ` and ${countText(runs, 'run')}` : ''
  return `${countText(objects, 'object')}${others} checked`
}

function linesOf(
  counts: Readonly<Record<string, number>>,
  words: Readonly<Record<string, string>>,
): readonly string[] {
  return Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([reason, count]) => `  ${count} ${printable(reason)}${words[reason] ? `: ${words[reason]}` : ''}\n`)
}

/** A line for each sweep: its kind, cause, part, time and outcome. */
export function writePasses(out: Terminal, passes: readonly SweepPass[]): void {
  if (passes.length === 0) out.write('no sweep has started yet\n')
  for (const pass of passes) {
    const { status, kind, cause, bucket, prefix, startedAt, endedAt, failure } = pass
    const part = [bucket ?? '', prefix ?? ''].filter(Boolean).join('/')
    const when = endedAt ?? startedAt
    const counts = sum(pass.healed) === 0 ? 'nothing was lost' : `${sum(pass.healed)} healed`
    const left = sum(pass.reported) === 0 ? '' : `, ${sum(pass.reported)} left alone`
    const words = [
      `${status} ${kind} (${cause})${part === '' ? '' : ` of ${part}`}`,
      ...(when === undefined ? [] : [timeText(when)]),
      ...(status === 'waiting' ? [] : [checkedText(pass), `${counts}${left}`]),
      ...(failure === undefined ? [] : [failure]),
    ]
    out.write(`${printable(words.join('; '))}\n`)
  }
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((all, count) => all + count, 0)
}
