/** Selects the dead letters of a request about many of them: all are counted, and ids are kept up to the limit. @module */
import type { PurgeRequest, RedriveRequest } from './model.ts'
import { RefusedError } from '../http/problem.ts'
import type { History } from '../../queue/history.ts'
import type { FoundRun, RunFilter } from '../../queue/run-filter.ts'
import { resolveRunIds } from '../short-ids.ts'

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
 * @param served - the functions whose dead letters are listed when the request names none
 * @param isIncluded - dead letters of other functions are only counted
 * @throws {RefusedError} impossible when there are too many to walk through
 */
export async function selectDeadLetters(
  history: History,
  request: RedriveRequest | PurgeRequest,
  served: readonly string[],
  isIncluded: (functionName: string) => boolean,
): Promise<DeadLetterSelection> {
  const runIds: string[] = []
  const otherNames = new Set<string>()
  let [matched, totalBytes, others, walked] = [0, 0, 0, 0]
  for await (const found of await findDeadLetters(history, request, served)) {
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
    walked += found.length
    if (walked > MAX_DEAD_LETTERS) {
      const count = MAX_DEAD_LETTERS.toLocaleString('en')
      throw new RefusedError('impossible', `more than ${count} dead letters match: narrow the request`)
    }
  }
  return { runIds, matched, totalBytes, others: { count: others, functionNames: [...otherNames] } }
}

async function findDeadLetters(
  history: History,
  request: RedriveRequest | PurgeRequest,
  served: readonly string[],
): Promise<AsyncGenerator<readonly FoundRun[]>> {
  const { function: name, reason, bucket, prefix } = request
  const sinceMs = request.since === undefined ? undefined : Date.parse(request.since)
  const untilMs = request.until === undefined ? undefined : Date.parse(request.until)
  const filter: RunFilter = { function: name, reason, bucket, prefix }
  if (request.runs) {
    const find = (prefix: string) => history.runsBeginning(prefix)
    const unique = [...new Set(await resolveRunIds(request.runs, find))]
    return history.pickDeadLetters(unique, { ...filter, endedSinceMs: sinceMs, endedUntilMs: untilMs })
  }
  const functionNames = name === undefined ? served : [name]
  return history.walkDeadLetters({ functionNames, filter, sinceMs, untilMs })
}
