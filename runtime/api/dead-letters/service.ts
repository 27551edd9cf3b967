/** Dead letters: listed, run again, purged. @module */
import { batchesOf } from '../../amounts.ts'
import { type RunDetail, toRunDetail } from '../runs/model.ts'
import { type Job, type Preview, toJob } from '../jobs/model.ts'
import { kindIdOf, kindsOf } from './kinds.ts'
import type { DeadLetterKind, PurgeRequest, RedriveRequest } from './model.ts'
import { RefusedError } from '../http/problem.ts'
import type { FunctionDefinition } from '../../function/definition.ts'
import type { JobStore } from '../../queue/jobs.ts'
import type { History } from '../../queue/history.ts'
import type { Queue } from '../../queue/queue.ts'
import { abridged, overLimit, previewOf, SAMPLE } from '../jobs/bulk.ts'
import { fromCursor, type Page, type PageRequest, toCursor } from '../http/page.ts'
import type { FoundRun } from '../../queue/run-filter.ts'
import type { RunFilter } from '../runs/service.ts'
import { resolveRunIds } from '../short-ids.ts'

export interface DeadLetterFilter extends Omit<RunFilter, 'status'> {
  readonly reason?: 'permanent' | 'exhausted' | 'crash-loop' | undefined
}

export interface DeadLetterService {
  /**
   * The newest dead letters by what went wrong, the most frequent kind first.
   *
   * @param page - `limit`: dead letters to look at
   */
  kinds(filter: DeadLetterFilter, page: PageRequest): Promise<KindsPage>
  /** Newest first; times are those of giving up. */
  list(filter: DeadLetterFilter, page: PageRequest): Promise<Page<RunDetail>>
  redrive(request: RedriveRequest): Promise<Preview | Job>
  /** Removes dead letters from the list; runs and verdicts stay. Returns their number. @throws {RefusedError} over the limit */
  purge(request: PurgeRequest): Promise<{ readonly purged: number }>
}

export interface KindsPage extends Page<DeadLetterKind> {
  /** Dead letters that were looked at: with a `nextCursor` there are more. */
  readonly looked: number
}

export interface DeadLetterParts {
  readonly queue: Queue
  readonly history: History
  readonly jobs: JobStore
  readonly functions: readonly FunctionDefinition[]
  readonly onJob: () => void
}

const AT_ONCE = 500

export function createDeadLetterService(parts: DeadLetterParts): DeadLetterService {
  const { queue, history, jobs } = parts
  const names = parts.functions.map(({ name }) => name)
  const isServed = (name: string) => names.includes(name)

  async function read({ sinceMs, untilMs, ...filter }: DeadLetterFilter, { limit, cursor }: PageRequest) {
    const parsed = fromCursor(cursor, isCursor)
    const after = parsed && { entry: parsed[0], functionName: parsed[1] }
    const functionNames = filter.function === undefined ? names : [filter.function]
    const request = { functionNames, filter, sinceMs, untilMs, limit, after }
    const { runs, next } = await history.deadLetters(request)
    return { runs, nextCursor: next ? toCursor([next.entry, next.functionName]) : null }
  }

  return {
    async kinds(filter, page) {
      const { runs, nextCursor } = await read(filter, page)
      return { items: kindsOf(runs), looked: runs.length, nextCursor }
    },

    async list(filter, page) {
      const { runs, nextCursor } = await read(filter, page)
      const items = await Promise.all(
        runs.map(async (run) => toRunDetail(run, await history.tries(run.runId))),
      )
      return { items, nextCursor }
    },

    async redrive(request) {
      // A run of a function that is not served would wait for ever.
      const { runIds, matched, totalBytes, others } = await selectDeadLetters(
        history,
        request,
        names,
        isServed,
      )
      const passedOver = others.count > 0 ? { 'not-served': others.count } : {}
      if (matched > request.limit) throw overLimit(matched, request.limit)
      if (request.dryRun) {
        const first = (await history.runs(runIds.slice(0, SAMPLE))).filter((run) => run !== undefined)
        return previewOf(first, { matched, totalBytes, passedOver })
      }
      if (others.count > 0 && matched === 0) throw notServed(others.functionNames, names, passedOver)
      const { ratePerSecond } = request
      const items = runIds.map((runId) => ({ runId }))
      const job = await jobs.create({
        kind: 'redrive',
        isForced: false,
        request: abridged(request),
        ratePerSecond,
        items,
      })
      parts.onJob()
      return toJob(job)
    },

    async purge(request) {
      const { runIds, matched } = await selectDeadLetters(history, request, names, () => true)
      if (matched > request.limit) throw overLimit(matched, request.limit)
      if (request.dryRun) return { purged: matched }
      let purged = 0
      for (const some of batchesOf(runIds, AT_ONCE)) purged += await queue.purge(some)
      return { purged }
    },
  }
}

function notServed(
  others: readonly string[],
  names: readonly string[],
  passedOver: Readonly<Record<string, number>>,
): RefusedError {
  return new RefusedError(
    'impossible',
    `all matches belong to ${others.join(', ')}, which is not served here; served: ${names.join(', ')}`,
    { passedOver },
  )
}

function isCursor(parts: unknown): parts is [string, string] {
  return Array.isArray(parts) && /^\d{1,15}-\d{1,15}$/.test(String(parts[0])) && typeof parts[1] === 'string'
}

export interface DeadLetterSelection {
  /** The first matches, at most the request's limit. */
  readonly runIds: readonly string[]
  readonly matched: number
  readonly totalBytes: number
  /** Those of other functions: their number, and the functions. */
  readonly others: { readonly count: number; readonly functionNames: readonly string[] }
}

/** Walking through this many takes Redis some ten seconds, in steps. */
const MAX_DEAD_LETTERS = 1_000_000

/**
 * All matches are counted, and ids are kept up to the limit.
 *
 * @param served - the functions whose dead letters are listed when the request names none
 * @param isIncluded - dead letters of other functions are only counted
 * @throws {RefusedError} impossible when there are too many to walk through
 */
async function selectDeadLetters(
  history: History,
  request: RedriveRequest | PurgeRequest,
  served: readonly string[],
  isIncluded: (functionName: string) => boolean,
): Promise<DeadLetterSelection> {
  const runIds: string[] = []
  const otherNames = new Set<string>()
  let [matched, totalBytes, others, walked] = [0, 0, 0, 0]
  for await (const each of await findDeadLetters(history, request, served)) {
    const found = request.kind === undefined ? each : await ofKind(history, request.kind, each)
    for (const { runId, functionName, sizeBytes } of found) {
      if (!isIncluded(functionName)) {
        others++
        otherNames.add(functionName)
        continue
      }
      matched++
      totalBytes += sizeBytes
      if (runIds.length < request.limit) runIds.push(runId)
    }
    walked += each.length
    if (walked > MAX_DEAD_LETTERS) {
      const count = MAX_DEAD_LETTERS.toLocaleString('en')
      throw new RefusedError('impossible', `more than ${count} dead letters match: narrow the request`)
    }
  }
  return { runIds, matched, totalBytes, others: { count: others, functionNames: [...otherNames] } }
}

/** Of one kind of failure: what a run's error says is known only where the run is read. */
async function ofKind(
  history: History,
  kind: string,
  found: readonly FoundRun[],
): Promise<readonly FoundRun[]> {
  const runs = await history.runs(found.map(({ runId }) => runId))
  return found.filter((_, index) => {
    const run = runs[index]
    return run !== undefined && kindIdOf(run) === kind
  })
}

async function findDeadLetters(
  history: History,
  request: RedriveRequest | PurgeRequest,
  served: readonly string[],
): Promise<AsyncGenerator<readonly FoundRun[]>> {
  const { function: name, reason, bucket, prefix, contains } = request
  const sinceMs = request.since === undefined ? undefined : Date.parse(request.since)
  const untilMs = request.until === undefined ? undefined : Date.parse(request.until)
  const filter = { function: name, reason, bucket, prefix, contains }
  if (request.runs) {
    const find = (prefix: string) => history.runsBeginning(prefix)
    const unique = [...new Set(await resolveRunIds(request.runs, find))]
    return history.pickDeadLetters(unique, { ...filter, endedSinceMs: sinceMs, endedUntilMs: untilMs })
  }
  const functionNames = name === undefined ? served : [name]
  return history.walkDeadLetters({ functionNames, filter, sinceMs, untilMs })
}
