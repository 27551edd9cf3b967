/** Dead letters: listed, run again, taken off the list. @module */
import type { Redis } from 'ioredis'
import type { PurgeRequest, RedriveRequest } from '../api/model/job.ts'
import { toRunDetail } from '../api/model/run.ts'
import { RefusedError, type DeadLetterFilter, type DeadLetterService } from '../api/services.ts'
import type { FunctionDefinition } from '../function.ts'
import type { JobStore } from '../jobs/job-store.ts'
import { listDeadLetters, type LetterPosition } from '../queue/dead-letters.ts'
import type { History } from '../queue/history.ts'
import type { Queue } from '../queue/queue.ts'
import type { RunRecord } from '../queue/run.ts'
import { overTheLimit, previewOf, shortened } from './bulk.ts'
import { fromCursor, toCursor } from './cursor.ts'
import { toJob } from './jobs.ts'
import { isMeantBy } from './runs.ts'

export interface DeadLetterParts {
  readonly redis: Redis
  readonly queue: Queue
  readonly history: History
  readonly jobs: JobStore
  readonly functions: readonly FunctionDefinition[]
  readonly onJob: () => void
}

const AT_ONCE = 500

export function createDeadLetterService(parts: DeadLetterParts): DeadLetterService {
  const { redis, queue, history, jobs } = parts
  const names = parts.functions.map(({ name }) => name)

  function page(filter: DeadLetterFilter, limit: number, after: LetterPosition | undefined) {
    const functionNames = filter.function === undefined ? names : [filter.function]
    const { sinceMs, untilMs } = filter
    const isWanted = isDeadLetterMeantBy(filter)
    return listDeadLetters(redis, queue.keys, history, {
      functionNames,
      isWanted,
      limit,
      after,
      sinceMs,
      untilMs,
    })
  }

  async function all(request: RedriveRequest | PurgeRequest): Promise<readonly RunRecord[]> {
    const filter = filterOf(request)
    if (request.runs) {
      const [isMeant, isOfTime] = [isDeadLetterMeantBy(filter), isDeadWithin(filter)]
      const known = (await history.runs([...new Set(request.runs)])).filter((run) => run !== undefined)
      return known.filter((run) => run.state === 'dead' && isMeant(run) && isOfTime(run))
    }
    const found: RunRecord[] = []
    let after: LetterPosition | undefined
    do {
      const { runs, next } = await page(filter, AT_ONCE, after)
      found.push(...runs)
      after = next
    } while (after)
    return found
  }

  return {
    async list(filter, { limit, cursor }) {
      const parsed = fromCursor(cursor, isCursor)
      const after = parsed && { entry: parsed[0], functionName: parsed[1] }
      const { runs, next } = await page(filter, limit, after)
      const items = await Promise.all(
        runs.map(async (run) => toRunDetail(run, await history.tries(run.runId))),
      )
      return { items, nextCursor: next ? toCursor([next.entry, next.functionName]) : null }
    },

    async redrive(request) {
      const found = await all(request)
      // Nobody takes up what waits for a function that nobody serves.
      const runs = found.filter(({ functionName }) => names.includes(functionName))
      const others = found.length - runs.length
      const passedOver = others > 0 ? { 'not-served': others } : {}
      if (runs.length > request.limit) throw overTheLimit(runs.length, request.limit)
      if (request.dryRun) {
        const totalBytes = runs.reduce((sum, { payload }) => sum + payload.sizeBytes, 0)
        return previewOf(runs, { matched: runs.length, totalBytes, passedOver })
      }
      if (others > 0 && runs.length === 0) throw notServed(found, names, passedOver)
      const { ratePerSecond } = request
      const items = runs.map(({ runId }) => ({ runId }))
      const job = await jobs.create({
        kind: 'redrive',
        isForced: false,
        request: shortened(request),
        ratePerSecond,
        items,
      })
      parts.onJob()
      return toJob(job)
    },

    async purge(request) {
      const runs = await all(request)
      if (runs.length > request.limit) throw overTheLimit(runs.length, request.limit)
      if (request.dryRun) return { purged: runs.length }
      let purged = 0
      for (let at = 0; at < runs.length; at += AT_ONCE) {
        purged += await queue.purge(runs.slice(at, at + AT_ONCE).map(({ runId }) => runId))
      }
      return { purged }
    },
  }
}

function isDeadLetterMeantBy(filter: DeadLetterFilter): (run: RunRecord) => boolean {
  const isMeant = isMeantBy(filter)
  return (run) => isMeant(run) && (filter.reason === undefined || run.reason === filter.reason)
}

/** Of the death, as the list has it. */
function isDeadWithin({
  sinceMs = -Infinity,
  untilMs = Infinity,
}: DeadLetterFilter): (run: RunRecord) => boolean {
  return ({ endedAtMs = 0 }) => endedAtMs >= sinceMs && endedAtMs < untilMs
}

function notServed(
  found: readonly RunRecord[],
  names: readonly string[],
  passedOver: Readonly<Record<string, number>>,
): RefusedError {
  const functions = [...new Set(found.map(({ functionName }) => functionName))].join(', ')
  return new RefusedError(
    422,
    `all that match are of ${functions}, which is not served here; there are ${names.join(', ')}`,
    { passedOver },
  )
}

function filterOf(request: RedriveRequest | PurgeRequest): DeadLetterFilter {
  const { function: name, reason, bucket, prefix, since, until } = request
  return {
    function: name,
    reason,
    bucket,
    prefix,
    ...(since !== undefined && { sinceMs: Date.parse(since) }),
    ...(until !== undefined && { untilMs: Date.parse(until) }),
  }
}

function isCursor(parts: unknown): parts is [string, string] {
  return Array.isArray(parts) && /^\d{1,15}-\d{1,15}$/.test(String(parts[0])) && typeof parts[1] === 'string'
}
