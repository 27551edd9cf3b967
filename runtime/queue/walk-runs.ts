/** Runs that match a filter, all of them, for requests about many. Only reads; each call examines a bounded number. @module */
import { batchesOf } from '../amounts.ts'
import { filterText, toFoundRuns, type FoundRun, type RunFilter } from './run-filter.ts'
import type { RunScript } from './scripts.ts'

export interface WalkRequest {
  readonly filter: RunFilter
  /** Bounds of the time of the request for a run, epoch ms; `untilMs` is exclusive. */
  readonly sinceMs?: number | undefined
  readonly untilMs?: number | undefined
}

/** In one call: Redis answers nobody else for some milliseconds. */
const STEP = 250

/** Newest first. */
export async function* walkRuns(
  script: RunScript,
  { filter, sinceMs, untilMs }: WalkRequest,
): AsyncGenerator<readonly FoundRun[]> {
  let behind: readonly (string | number)[] = [untilMs ?? '', '']
  for (;;) {
    const args = [filterText(filter), ...behind, sinceMs ?? '-inf', STEP, STEP]
    const [isLast, atMs, lastId, ...ids] = (await script('find_runs', args)) as (string | number)[]
    yield* pickRuns(script, ids.map(String), filter)
    if (isLast === 1) return
    behind = [Number(atMs), String(lastId)]
  }
}

/** Those of the given runs that match, with their sizes. */
export async function* pickRuns(
  script: RunScript,
  runIds: readonly string[],
  filter: RunFilter,
): AsyncGenerator<readonly FoundRun[]> {
  const text = filterText(filter, true)
  for (const ids of batchesOf(runIds, STEP))
    yield toFoundRuns((await script('pick_runs', [text, ...ids])) as (string | number)[])
}
