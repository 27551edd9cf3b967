/** `sluice show <run>`: everything that is known about a run, with its attempts; or of a job. @module */
import type { Job } from '../../api/jobs/model.ts'
import { streamPieceInWords, streamPieceOf } from '../../api/objects/stream-piece.ts'
import type { RunDetail } from '../../api/runs/model.ts'
import { countText, durationText, timeText } from '../terminal/amounts.ts'
import { formatBytes } from '../../amounts.ts'
import { apiOf, withApi, type ApiOptions } from '../api-command.ts'
import { isRunId, jobArgument } from '../arguments.ts'
import { examples, type CliCommand } from '../command.ts'
import { jobText } from '../terminal/job.ts'
import { printable } from '../../printable.ts'
import { linesOf, printableLines } from '../terminal/printable.ts'
import { writeFacts, writeJson } from '../terminal/table.ts'
import { toned, toneOf, type Terminal } from '../terminal/terminal.ts'

export const show: CliCommand = (command, context) => {
  withApi(command)
    .argument('<run>', 'the id of a run, as in logs, verdicts and manifests; or of a job', jobArgument)
    .addHelpText('after', examples('show 0123456789ab'))
    .action(async (id: string, options: ApiOptions) => {
      const api = apiOf(context, options)
      const { out } = context
      if (isRunId(id)) {
        const run = await api.get<RunDetail>(`/v1/runs/${id}`, { links: 'true' })
        return options.json ? writeJson(out, run) : writeRun(out, run)
      }
      const job = await api.get<Job>(`/v1/jobs/${encodeURIComponent(id)}`)
      return options.json ? writeJson(out, job) : writeJob(out, job)
    })
}

function writeRun(out: Terminal, run: RunDetail): void {
  const { object, announcements } = run
  writeFacts(out, [
    ['run', run.id],
    ['function', run.function],
    ['status', run.reason === undefined ? run.status : `${run.status} (${run.reason})`],
    ['object', `${object.bucket}/${object.key}`],
    ['stream', streamText(object)],
    ['version', `${object.generation}, ${formatBytes(object.sizeBytes)}, of ${object.lastModified}`],
    ['trigger', run.epoch === 0 ? run.trigger : `${run.trigger}, epoch ${run.epoch}`],
    ['failed', `${run.attempts} counted, ${run.crashes} crashes alone`],
    ['created', timeText(run.createdAt)],
    ['queued', run.queuedAt && timeText(run.queuedAt)],
    ['started', run.startedAt && timeText(run.startedAt)],
    ['ended', run.endedAt && timeText(run.endedAt)],
    ['next try', run.nextAttemptAt && timeText(run.nextAttemptAt)],
    ['worker', run.worker],
    ['progress', run.progress && progressText(run.progress)],
    ['options', run.options && JSON.stringify(run.options)],
    [
      'announced',
      announcements.copies > 0
        ? `${countText(announcements.copies, 'time')}, and ${countText(announcements.duplicates, 'duplicate')}`
        : undefined,
    ],
    ['error', run.error && linesOf(run.error)],
    ['result', run.result],
    ['manifest', placeText(run.manifest)],
    ['verdict', placeText(run.verdict)],
    ['outputs', outputLines(run)],
    ['warnings', run.warnings],
    [
      'results',
      isWithoutResult(run)
        ? 'none: removed, or replaced by a newer upload (sluice why says which)'
        : undefined,
    ],
    ['but', run.resultsUnknown],
  ])
  for (const attempt of run.attemptLog) {
    const took = attempt.endedAt
      ? durationText(Date.parse(attempt.endedAt) - Date.parse(attempt.startedAt))
      : 'so far'
    const outcome = toned(attempt.outcome, toneOf(attempt.outcome), out)
    out.write(`\nattempt  ${outcome}  ${attempt.startedAt}  ${took}  on ${printable(attempt.worker)}\n`)
    writeIndented(out, attempt.error === undefined ? [] : printableLines(attempt.error), '  ')
    writeIndented(out, attempt.lastLines.map(printable), '  | ')
  }
  // A failure from before attempts were recorded.
  if (run.attemptLog.every(({ lastLines }) => lastLines.length === 0) && run.lastLines.length > 0) {
    out.write('\nlast lines\n')
    writeIndented(out, run.lastLines.map(printable), '  | ')
  }
}

/** Where the object is a piece of a stream. */
function streamText({ bucket, key }: RunDetail['object']): string | undefined {
  const piece = streamPieceOf(bucket, key)
  return piece && streamPieceInWords(piece)
}

function placeText(place: RunDetail['manifest']): string | undefined {
  return place && `${place.bucket}/${place.key}`
}

function isWithoutResult({ status, manifest, resultsUnknown }: RunDetail): boolean {
  return status === 'succeeded' && manifest === undefined && resultsUnknown === undefined
}

const SHOWN_OUTPUTS = 5

/** Each output with the link that a browser or player can open. */
function outputLines({ outputs = [], outputCount = outputs.length }: RunDetail): readonly string[] {
  const lines = outputs
    .slice(0, SHOWN_OUTPUTS)
    .flatMap(({ bucket, key, role, bytes, url }) => [
      `${role}, ${formatBytes(bytes)}: ${bucket}/${key}`,
      ...(url === undefined ? [] : [`  ${url}`]),
    ])
  const more = outputCount - SHOWN_OUTPUTS
  return more > 0 ? [...lines, `and ${more} more; the manifest lists all`] : lines
}

function progressText({
  percent,
  mediaSeconds,
  speed,
  secondsLeft,
}: NonNullable<RunDetail['progress']>): string {
  return [
    percent !== undefined && `${Math.round(percent)} %`,
    mediaSeconds !== undefined && `${durationText(mediaSeconds * 1_000)} of media`,
    speed !== undefined && `speed ${Math.round(speed * 10) / 10}`,
    secondsLeft !== undefined && `about ${durationText(secondsLeft * 1_000)} left`,
  ]
    .filter(Boolean)
    .join(', ')
}

function writeIndented(out: Terminal, lines: readonly string[], indent: string): void {
  for (const line of lines) out.write(`${indent}${line}\n`)
}

function writeJob(out: Terminal, job: Job): void {
  writeFacts(out, [
    ['job', job.id],
    ['kind', job.kind],
    ['status', job.status],
    ['done', jobText(job)],
    ['created', timeText(job.createdAt)],
    ['ended', job.endedAt && timeText(job.endedAt)],
    ['request', JSON.stringify(job.request)],
  ])
}
