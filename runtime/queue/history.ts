/**
 * Queries about runs and objects. Only reads; each call does a bounded amount of work, so a page may hold fewer items than its
 * limit and yet not be the last.
 * @module
 */
import { membersBeginning, type Redis } from './redis.ts'
import { parseAnnouncements, type Announcement } from './announcement.ts'
import {
  listDeadLetters,
  pickDeadLetters,
  walkDeadLetters,
  type LetterPageRequest,
  type LetterRequest,
} from './dead-letters.ts'
import type { Keys } from './keys.ts'
import { filterText, firstStep, isMeantBy, type RunFilter } from './run-filter.ts'
import { isOtherType, parseFacts, parseRun, readable, readRunFields } from './run-record.ts'
import { parseAttempt, type AttemptRecord, type RunRecord, type RunState } from './run.ts'
import { createScripts } from './scripts.ts'
import { pickRuns, walkRuns, type WalkRequest } from './walk-runs.ts'

/** How many runs are examined for one page. */
const LOOKED_AT = 20_000
/** In one call: Redis answers nobody else for some milliseconds. */
const STEP = 500
/** Of each function's streams: more are in progress only on many machines. */
const RUNNING_EXAMINED = 200

interface HistoryPage {
  readonly runs: readonly RunRecord[]
  /** The position after which the next page starts; undefined on the last one. */
  readonly next?: Position
}

/** A run's place in a listing: its score and its id. */
export interface Position {
  readonly atMs: number
  readonly runId: string
}

interface HistoryRequest {
  readonly filter: RunFilter
  readonly limit: number
  readonly after?: Position | undefined
  /** Bounds of the time by which the listing is sorted, epoch ms; `untilMs` is exclusive. */
  readonly sinceMs?: number | undefined
  readonly untilMs?: number | undefined
}

/** The runs of a job, by state. */
export interface CountedRuns {
  /** Runs that Redis no longer knows are `forgotten`. */
  readonly states: Readonly<Record<string, number>>
  /** The sum of the percentages of the runs in progress. */
  readonly percentOfRunning: number
  /** Ids of the first ones that ended dead or cancelled. */
  readonly failed: readonly string[]
}

function nothingOfOtherType(error: Error): string[] {
  if (isOtherType(error)) return []
  throw error
}

export type History = ReturnType<typeof createHistory>

export function createHistory(redis: Redis, keys: Keys) {
  const script = createScripts(redis, keys.prefix)

  /** For each id the reason why its record cannot be read. */
  async function unreadable(runIds: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const reasons = new Map<string, string>()
    for (const [index, fields] of (await readRunFields(redis, keys, runIds)).entries()) {
      const runId = runIds[index] as string
      readable(
        () => parseRun(runId, fields),
        (reason) => reasons.set(runId, reason),
      )
    }
    return reasons
  }

  async function runsOf(runIds: readonly string[]): Promise<readonly (RunRecord | undefined)[]> {
    const found = await readRunFields(redis, keys, runIds)
    return found.map((fields, index) => readable(() => parseRun(runIds[index] as string, fields)))
  }

  return {
    /** Newest first, by the time of the request for a run. */
    async list({ filter, limit, after, sinceMs = -Infinity, untilMs }: HistoryRequest): Promise<HistoryPage> {
      const runs: RunRecord[] = []
      const oldest = sinceMs === -Infinity ? '-inf' : sinceMs
      let at = after ?? (untilMs === undefined ? undefined : { atMs: untilMs, runId: '' })
      for (let looked = 0, step = firstStep(limit, STEP); looked < LOOKED_AT;) {
        const behind = [at?.atMs ?? '', at?.runId ?? '']
        const args = [filterText(filter), ...behind, oldest, step, limit - runs.length]
        looked += step
        step = Math.min(STEP, 2 * step)
        const [isLast, atMs, runId, ...ids] = (await script('find_runs', args)) as (string | number)[]
        for (const run of await runsOf(ids.map(String))) if (run && isMeantBy(filter, run)) runs.push(run)
        if (isLast === 1) return { runs }
        at = { atMs: Number(atMs), runId: String(runId) }
        if (runs.length === limit) break
      }
      return { runs, ...(at && { next: at }) }
    },

    /** Runs in progress, the latest start first: from what workers hold, whatever else there is. */
    async running(functionNames: readonly string[], limit: number): Promise<readonly RunRecord[]> {
      const ids = (await script('find_running', [limit, RUNNING_EXAMINED, ...functionNames])) as string[]
      return (await runsOf(ids)).filter((run) => run?.state === 'running') as RunRecord[]
    },

    /** All runs that match, newest first, in batches. */
    walkRuns: (request: WalkRequest) => walkRuns(script, request),

    /** Those of the given runs that match, in batches. */
    pickRuns: (runIds: readonly string[], filter: RunFilter) => pickRuns(script, runIds, filter),

    /** A page of dead letters, newest death first. */
    deadLetters: (request: LetterPageRequest) => listDeadLetters(script, runsOf, request),

    /** All dead letters, in batches. */
    walkDeadLetters: (request: LetterRequest) => walkDeadLetters(script, request),

    /** Those of the given runs that are dead and match the filter, in batches. */
    pickDeadLetters: (runIds: readonly string[], filter: RunFilter) =>
      pickDeadLetters(script, runIds, filter),

    /** Counts the first `count` runs of a job by state, and names up to `maxFailed` that failed. */
    async countRuns(job: string, count: number, maxFailed: number): Promise<CountedRuns> {
      const states: Record<string, number> = {}
      const failed: string[] = []
      let percentOfRunning = 0
      for (let from = 0; from < count; from += STEP) {
        const last = Math.min(from + STEP, count) - 1
        const reply = await script('count_states', [job, from, last, maxFailed - failed.length])
        const [flat, percent, ids] = reply as [string[], string, string[]]
        for (let index = 0; index < flat.length; index += 2) {
          const state = flat[index] as string
          states[state] = (states[state] ?? 0) + Number(flat[index + 1])
        }
        percentOfRunning += Number(percent)
        failed.push(...ids)
      }
      return { states, percentOfRunning, failed }
    },

    /** In the order of the ids; undefined for unknown ones, and for those that cannot be read. */
    runs: runsOf,

    /** Why the records of those that cannot be read cannot be. */
    unreadable,

    /** The same with only states and epochs. */
    async states(
      runIds: readonly string[],
    ): Promise<readonly ({ readonly state: RunState; readonly epoch: string } | undefined)[]> {
      const pipeline = redis.pipeline()
      for (const runId of runIds) pipeline.hmget(keys.run(runId), 's', 'state', 'epoch', 'fn', 'object')
      return ((await pipeline.exec()) ?? []).map(([error, row]) => {
        // As if there were none: what would run it again sets it aside first.
        if (error && isOtherType(error)) return undefined
        if (error) throw error
        const [s, state, epoch, fn, object] = row as (string | null)[]
        if (fn === null || object === null) return undefined
        const fields = { ...(s && { s }), ...(state && { state }), ...(epoch && { epoch }) }
        const facts = readable(() => parseFacts(fields))
        return facts && { state: facts.state, epoch: String(facts.epoch) }
      })
    },

    /** A batch of all known runs, and the cursor of the next one: `0` after the last batch. */
    async scan(cursor: string, count: number): Promise<readonly [next: string, runIds: readonly string[]]> {
      const [next, flat] = await redis.zscan(keys.runs, cursor, 'COUNT', count)
      return [next, flat.filter((_score, index) => index % 2 === 0)]
    },

    /** Ids of runs that begin with these hex digits. */
    runsBeginning: (digits: string) => membersBeginning(redis, keys.runs, digits),

    /** Oldest first; without the attempt in progress, or the one that succeeded. */
    async tries(runId: string): Promise<readonly AttemptRecord[]> {
      const texts = await redis.lrange(keys.tries(runId), 0, -1).catch(nothingOfOtherType)
      return texts.flatMap((text) => readable(() => parseAttempt(text)) ?? [])
    },

    /** The announcements of an object, oldest first. */
    async announcements(objectId: string): Promise<readonly Announcement[]> {
      return parseAnnouncements(await redis.lrange(keys.events(objectId), 0, -1).catch(nothingOfOtherType))
    },
  }
}
