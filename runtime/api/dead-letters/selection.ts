/** Which dead letters a request about many of them means: counted in full, and kept as ids. @module */
import type { PurgeRequest, RedriveRequest } from './model.ts'
import { RefusedError } from '../http/problem.ts'
import type { History } from '../../queue/history.ts'
import type { FoundRun, RunFilter } from '../../queue/run-filter.ts'
import { resolveRunIds } from '../short-ids.ts'

export interface DeadLetterSelection {
  /** The first ones, as many as the request's limit. */
  readonly runIds: readonly string[]
  readonly matched: number
  readonly totalBytes: number
  /** Of functions that are not meant: how many, and which. */
  readonly others: { readonly count: number; readonly functionNames: readonly string[] }
}

/** Walking so many takes some ten seconds of Redis, in steps. */
const MAX_DEAD_LETTERS = 1_000_000

/**
 * @param served - the functions of which letters are listed when the request names none
 * @param isMeant - those of other functions are only counted
 * @throws {RefusedError} impossible when there are too many to be looked at
 */
export async function selectDeadLetters(
  history: History,
  request: RedriveRequest | PurgeRequest,
  served: readonly string[],
  isMeant: (functionName: string) => boolean,
): Promise<DeadLetterSelection> {
  const runIds: string[] = []
  const otherNames = new Set<string>()
  let [matched, totalBytes, others, looked] = [0, 0, 0, 0]
  for await (const found of await findDeadLetters(history, request, served)) {
    for (const { runId, functionName, sizeBytes } of found) {
      if (!isMeant(functionName)) {
        others++
        otherNames.add(functionName)
        continue
      }
      matched++
      totalBytes += sizeBytes
      if (runIds.length < request.limit) runIds.push(runId)
    }
    looked += found.length
    if (looked > MAX_DEAD_LETTERS) {
      const count = MAX_DEAD_LETTERS.toLocaleString('en')
      throw new RefusedError('impossible', `more than ${count} dead letters match: ask for less`)
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
    const find = (beginning: string) => history.runsBeginning(beginning)
    const unique = [...new Set(await resolveRunIds(request.runs, find))]
    return history.pickDeadLetters(unique, { ...filter, endedSinceMs: sinceMs, endedUntilMs: untilMs })
  }
  const functionNames = name === undefined ? served : [name]
  return history.walkDeadLetters({ functionNames, filter, sinceMs, untilMs })
}
