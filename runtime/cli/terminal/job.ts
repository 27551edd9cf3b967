/** A bulk job: the preview of `--dry-run`, or its progress until it is done. @module */
import type { Command } from 'commander'
import { OPEN_STATES } from '../../queue/run.ts'
import { formatBytes } from '../../amounts.ts'
import type { ApiClient } from '../../api/client.ts'
import type { Job, Preview } from '../../api/jobs/model.ts'
import { SECOND_MS, sleep } from '../../time.ts'
import { countArgument, rateArgument, shortId } from '../arguments.ts'
import { BadNewsError, InterruptedError, type CliContext } from '../command.ts'
import { countText } from './amounts.ts'
import { printable } from '../../printable.ts'
import { shownOn } from './printable.ts'
import { interruptible, progressLine } from './progress.ts'
import { writeJson } from './table.ts'
import type { Terminal } from './terminal.ts'

interface FollowOptions {
  readonly json?: boolean
  /** `--no-wait`: only print which job it is. */
  readonly wait: boolean
  /** Wait until its runs have ended too. */
  readonly waitRuns?: boolean
}

export interface JobOptions extends FollowOptions {
  readonly dryRun?: boolean
  readonly limit?: number
  readonly rate?: number
}

/** Options that select or shape the work of a job. */
export const JOB_FILTERS = ['dryRun', 'limit', 'rate'] as const

/** Adds the options of a command that makes a job. */
export function withJob(command: Command): Command {
  return command
    .option('--dry-run', 'only print what would be done')
    .option('--limit <n>', 'fail when more than this many match (default: 1000)', countArgument)
    .option('--rate <n>', 'hand out this many runs per second', rateArgument)
    .option('--no-wait', 'return without waiting until all are handed out')
    .option('--wait-runs', 'wait until the runs have ended; exit with 1 when some have no result')
}

/** The fields of a request that these options set. */
export function jobFieldsOf({ dryRun, limit, rate: ratePerSecond }: JobOptions) {
  return { dryRun, limit, ratePerSecond }
}

const POLL_MS = SECOND_MS / 2
/** `forgotten`: too old to know whether it ended well. */
const WITHOUT_RESULT = ['dead', 'cancelled', 'forgotten']

/**
 * Prints the answer to a request for a job. Ctrl-C leaves the job running.
 *
 * @throws {BadNewsError} when runs were waited for and some ended without a result or cannot be counted, or the job was
 * cancelled
 */
export async function reportJob(
  api: ApiClient,
  answer: Preview | Job,
  options: FollowOptions,
  context: CliContext,
): Promise<void> {
  if ('matched' in answer) writePreview(context.out, answer, options)
  else await followJob(api, answer, options, context)
}

function writePreview(out: Terminal, preview: Preview, { json }: FollowOptions): void {
  if (json) return writeJson(out, preview)
  const { matched, totalBytes, sample, passedOver } = preview
  out.write(`${countText(matched, 'run')} of ${formatBytes(totalBytes)} would be handed out\n`)
  for (const item of sample)
    out.write(
      `  ${printable(item.function)}  ${shownOn(out, `${item.bucket}/${item.key}`)}  ${formatBytes(item.sizeBytes)}\n`,
    )
  if (matched > sample.length) out.write(`  and ${matched - sample.length} more\n`)
  const reasons = Object.entries(passedOver).map(([reason, count]) => `${count} ${printable(reason)}`)
  if (reasons.length > 0) out.write(`passed over: ${reasons.join(', ')}\n`)
}

async function followJob(
  api: ApiClient,
  started: Job,
  options: FollowOptions,
  context: CliContext,
): Promise<void> {
  const job = options.wait || options.waitRuns ? await untilDone(api, started, options, context) : started
  if (options.json) writeJson(context.out, job)
  else {
    context.out.write(`job ${printable(job.id)}: ${jobText(job)}\n`)
    if (options.waitRuns) writeFailures(job, context)
  }
  if (job.status === 'cancelled') throw new BadNewsError('the job was cancelled')
  if (options.waitRuns && !job.runs) {
    throw new BadNewsError(
      `outcomes are not tracked for a job of ${countText(job.total, 'run')}, so --wait-runs cannot wait for them; the job continues: ${context.invocation} show ${job.id}`,
    )
  }
  if (options.waitRuns && countOf(job, WITHOUT_RESULT) > 0) {
    throw new BadNewsError('some runs ended without a result')
  }
}

async function untilDone(
  api: ApiClient,
  started: Job,
  { waitRuns }: FollowOptions,
  context: CliContext,
): Promise<Job> {
  const { err, invocation } = context
  const line = progressLine(err)
  const poll = async (signal: AbortSignal) => {
    let job = started
    while (isOpen(job, waitRuns)) {
      line.show(jobText(job))
      await sleep(POLL_MS, signal)
      if (signal.aborted) {
        throw new InterruptedError(
          `job ${job.id} is still running; stop it with: ${invocation} cancel ${job.id}`,
        )
      }
      job = await api.get<Job>(`/v1/jobs/${encodeURIComponent(job.id)}`)
      if (waitRuns && !job.runs) break
    }
    return job
  }
  return interruptible(context, poll).finally(() => line.clear())
}

/** A sentence for each run that failed, and the command that shows the rest of it. */
function writeFailures(job: Job, { out, invocation }: CliContext): void {
  const failures = job.failures ?? []
  for (const { run, status, bucket, key, reason, ...rest } of failures) {
    const why = reason === undefined ? '' : `: ${reason.split('\n')[0]}`
    out.write(`  ${shownOn(out, `${status} ${rest.function} ${bucket}/${key}${why}`)}\n`)
    out.write(`    ${printable(`${invocation} show ${shortId(run)}`)}\n`)
  }
  const unnamed = countOf(job, ['dead', 'cancelled']) - failures.length
  if (unnamed > 0) out.write(`  and ${unnamed} more\n`)
}

function isOpen(job: Job, waitRuns = false): boolean {
  if (job.status === 'running') return true
  // The answer to the request itself has no counts yet.
  return waitRuns && (!job.runs || countOf(job, OPEN_STATES) > 0)
}

function countOf({ runs = {} }: Job, states: readonly string[]): number {
  return states.reduce((sum, state) => sum + (runs[state] ?? 0), 0)
}

/** Such as `40 of 42 runs handed out, 1 passed over; 38 succeeded, 2 running`. */
export function jobText(job: Job): string {
  const states = Object.entries(job.runs ?? {})
    .filter(([, count]) => count > 0)
    .map(([state, count]) => `${count} ${state}`)
  const parts = [
    job.status === 'cancelled' ? 'cancelled: ' : '',
    `${job.handedOut} of ${countText(job.total, 'run')} handed out`,
    job.passedOver > 0 ? `, ${job.passedOver} passed over` : '',
    states.length > 0 ? `; ${states.join(', ')}` : '',
    job.percent === undefined || job.percent === 100 ? '' : `; ${Math.floor(job.percent)} %`,
  ]
  return printable(parts.join(''))
}
