/**
 * What Redis remembers of runs and objects, for who asks. Only reads; each call does a bounded amount of work, so a page may
 * hold fewer items than its limit and yet not be the last.
 * @module
 */
import type { Redis } from 'ioredis'
import { parseAnnouncements, type Announcement } from '../intake/announcement.ts'
import { parseAttempt, type AttemptRecord } from './attempts.ts'
import type { Keys } from './keys.ts'
import { parseRun, type RunRecord, type RunState } from './run.ts'

/** How many runs one page looks at: at about 50,000 a second it stays well under a second. */
const LOOKED_AT = 20_000
const STEP = 500

export interface HistoryPage {
  readonly runs: readonly RunRecord[]
  /** Where the next page begins; undefined when this was the last. */
  readonly next?: Position
}

/** A run's place in a listing: its score and its id. */
export interface Position {
  readonly atMs: number
  readonly runId: string
}

export interface HistoryRequest {
  readonly isWanted: (run: RunRecord) => boolean
  readonly limit: number
  readonly after?: Position | undefined
  /** Of the time by which the listing goes, epoch ms; `untilMs` itself is left out. */
  readonly sinceMs?: number | undefined
  readonly untilMs?: number | undefined
}

export type History = ReturnType<typeof createHistory>

export function createHistory(redis: Redis, keys: Keys) {
  async function runsOf(runIds: readonly string[]): Promise<readonly (RunRecord | undefined)[]> {
    const pipeline = redis.pipeline()
    for (const runId of runIds) pipeline.hgetall(keys.run(runId))
    const replies = (await pipeline.exec()) ?? []
    return replies.map(([error, fields], index) => {
      if (error) throw error
      return parseRun(runIds[index] as string, fields as Record<string, string>)
    })
  }

  /** The ids after a position, newest first: of equal times the higher id comes first, as Redis has them. */
  async function idsAfter(request: HistoryRequest, from: Position | undefined): Promise<readonly Position[]> {
    const { sinceMs, untilMs } = request
    const max = from ? String(from.atMs) : untilMs === undefined ? '+inf' : `(${untilMs}`
    for (let offset = 0; ; offset += STEP) {
      const min = sinceMs ?? '-inf'
      const flat = await redis.zrevrangebyscore(keys.runs, max, min, 'WITHSCORES', 'LIMIT', offset, STEP)
      const found: Position[] = []
      for (let index = 0; index < flat.length; index += 2)
        found.push({ runId: flat[index] as string, atMs: Number(flat[index + 1]) })
      const fresh = found.filter(
        ({ runId, atMs }) => !from || atMs < from.atMs || (atMs === from.atMs && runId < from.runId),
      )
      // A whole step of one time that lies before the position: a large batch was admitted at once.
      if (fresh.length > 0 || found.length < STEP) return fresh
    }
  }

  return {
    /** Newest first, by the time when a run was asked for. */
    async list(request: HistoryRequest): Promise<HistoryPage> {
      const runs: RunRecord[] = []
      let at = request.after
      for (let looked = 0; looked < LOOKED_AT;) {
        const ids = await idsAfter(request, at)
        if (ids.length === 0) return { runs }
        const found = await runsOf(ids.map(({ runId }) => runId))
        for (const [index, run] of found.entries()) {
          at = ids[index] as Position
          if (!run || !request.isWanted(run)) continue
          runs.push(run)
          if (runs.length === request.limit) return { runs, next: at }
        }
        looked += ids.length
      }
      return { runs, ...(at && { next: at }) }
    },

    /** In the order of the ids; undefined for those that are not known. */
    runs: runsOf,

    /** The same, of which only the states and epochs are wanted. */
    async states(
      runIds: readonly string[],
    ): Promise<readonly ({ readonly state: RunState; readonly epoch: string } | undefined)[]> {
      const pipeline = redis.pipeline()
      for (const runId of runIds) pipeline.hmget(keys.run(runId), 'state', 'epoch')
      return ((await pipeline.exec()) ?? []).map(([error, fields]) => {
        if (error) throw error
        const [state, epoch] = fields as (string | null)[]
        return state ? { state: state as RunState, epoch: epoch ?? '' } : undefined
      })
    },

    /** Some of all runs that are known, and where the next ones begin: `0` when these were the last. */
    async scan(cursor: string, count: number): Promise<readonly [next: string, runIds: readonly string[]]> {
      const [next, flat] = await redis.zscan(keys.runs, cursor, 'COUNT', count)
      return [next, flat.filter((_score, index) => index % 2 === 0)]
    },

    /** Oldest first; without the one that runs now, or that succeeded. */
    async tries(runId: string): Promise<readonly AttemptRecord[]> {
      return (await redis.lrange(keys.tries(runId), 0, -1)).map(parseAttempt)
    },

    /** What was announced of an object, oldest first. */
    async announcements(objectId: string): Promise<readonly Announcement[]> {
      return parseAnnouncements(await redis.lrange(keys.events(objectId), 0, -1))
    },
  }
}
