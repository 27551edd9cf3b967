/** The dead letters of functions, newest death first. Only reads. @module */
import { filterText, firstStep, isMeantBy, toFoundRuns, type FoundRun, type RunFilter } from './run-filter.ts'
import type { RunRecord } from './run.ts'
import type { RunScript } from './scripts.ts'
import { pickRuns } from './walk-runs.ts'

/** A letter's position in the listing: its entry in its function's stream, whose id starts with the time of death. */
export interface LetterPosition {
  readonly entry: string
  readonly functionName: string
}

export interface LetterRequest {
  readonly functionNames: readonly string[]
  readonly filter: RunFilter
  /** Bounds of the time of death, epoch ms; `untilMs` is exclusive. */
  readonly sinceMs?: number | undefined
  readonly untilMs?: number | undefined
}

export interface LetterPageRequest extends LetterRequest {
  readonly limit: number
  readonly after?: LetterPosition | undefined
}

/** How many letters are examined for one page. */
const LOOKED_AT = 20_000
/** In one call: Redis answers nobody else for some milliseconds. */
const STEP = 250

/** A page; `next` is absent on the last one. A page may hold fewer than its limit and yet not be the last. */
export async function listDeadLetters(
  script: RunScript,
  runsOf: (runIds: readonly string[]) => Promise<readonly (RunRecord | undefined)[]>,
  request: LetterPageRequest,
): Promise<{ readonly runs: readonly RunRecord[]; readonly next?: LetterPosition }> {
  const { limit } = request
  const runs: RunRecord[] = []
  let at = request.after
  for (let looked = 0, step = firstStep(limit, STEP); looked < LOOKED_AT;) {
    const { found, last, isLast } = await findLetters(script, request, at, limit - runs.length, step)
    looked += step
    step = Math.min(STEP, 2 * step)
    for (const run of await runsOf(found.map(({ runId }) => runId)))
      if (run && isMeantBy(deadOnly(request.filter), run)) runs.push(run)
    at = last
    if (isLast) return { runs }
    if (runs.length === limit) break
  }
  return { runs, ...(at && { next: at }) }
}

/** All letters in batches, with only the fields of {@link FoundRun}. */
export async function* walkDeadLetters(
  script: RunScript,
  request: LetterRequest,
): AsyncGenerator<readonly FoundRun[]> {
  for (let at: LetterPosition | undefined; ;) {
    const { found, last, isLast } = await findLetters(script, request, at, STEP)
    yield found
    if (isLast) return
    at = last
  }
}

/** Those of the given runs that are dead and match the filter, in batches. */
export function pickDeadLetters(
  script: RunScript,
  runIds: readonly string[],
  filter: RunFilter,
): AsyncGenerator<readonly FoundRun[]> {
  return pickRuns(script, runIds, deadOnly(filter))
}

async function findLetters(
  script: RunScript,
  { functionNames, filter, sinceMs, untilMs }: LetterRequest,
  after: LetterPosition | undefined,
  limit: number,
  step = STEP,
): Promise<{ found: readonly FoundRun[]; last?: LetterPosition; isLast: boolean }> {
  // No entry is from before 1970, and Redis refuses such an id.
  if (untilMs !== undefined && untilMs <= 0) return { found: [], isLast: true }
  const newest = untilMs === undefined ? '+' : `(${untilMs}-0`
  const oldest = sinceMs === undefined ? '-' : Math.max(0, sinceMs)
  const { entry = '', functionName = '' } = after ?? {}
  const head = [filterText(deadOnly(filter), true), newest, oldest, entry, functionName, step, limit]
  const reply = (await script('find_letters', [...head, ...functionNames])) as (string | number)[]
  const [isLast, lastEntry, lastFunction, ...flat] = reply
  return {
    found: toFoundRuns(flat),
    isLast: isLast === 1,
    ...(lastEntry !== '' && { last: { entry: String(lastEntry), functionName: String(lastFunction) } }),
  }
}

function deadOnly(filter: RunFilter): RunFilter {
  return { ...filter, states: ['dead'] }
}
