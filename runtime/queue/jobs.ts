/**
 * Jobs: many runs that are handed out again, or cancelled, one after the other. A job's items are in Redis before it starts, so that it
 * continues from its position when a process ends.
 * @module
 */
import { membersBeginning, type Redis } from './redis.ts'
import { ulid } from 'ulid'
import { batchesOf } from '../amounts.ts'
import { holdLock, releaseLock } from './lock.ts'
import type { Keys } from './keys.ts'
import type { RerunItem, Queue } from './queue.ts'

/** `retry` runs again what has ended, dead or not; `redrive` dead letters only. */
export const JOB_KINDS = ['reprocess', 'redrive', 'retry', 'cancel'] as const

export interface JobRecord {
  /** A ULID, which starts with the time. */
  readonly id: string
  readonly kind: (typeof JOB_KINDS)[number]
  readonly status: 'running' | 'done' | 'cancelled'
  readonly total: number
  /** How many items were processed. */
  readonly position: number
  /** Of a job that cancels: cancelled, or their workers were asked to. */
  readonly handedOut: number
  readonly passedOver: number
  readonly ratePerSecond?: number
  readonly isForced: boolean
  /** The request, as it was sent. */
  readonly request: Readonly<Record<string, unknown>>
  readonly createdAtMs: number
  readonly endedAtMs?: number
}

export interface NewJob extends Pick<JobRecord, 'kind' | 'isForced' | 'request'> {
  readonly ratePerSecond?: number | undefined
  readonly items: readonly RerunItem[]
}

/** How long items are kept for a job that is never started. */
const UNFINISHED_MS = 3_600_000
const WRITTEN_AT_ONCE = 500

export type JobStore = ReturnType<typeof createJobStore>

export function createJobStore(redis: Redis, queue: Queue, retentionMs: number) {
  const { prefix }: Keys = queue.keys
  const all = `${prefix}jobs`
  const active = `${prefix}jobs:active`
  const keyOf = (id: string) => `${prefix}job:${id}`
  const itemsOf = (id: string) => `${keyOf(id)}:items`
  const lockOf = (id: string) => `${keyOf(id)}:lock`

  async function get(id: string): Promise<JobRecord | undefined> {
    return parseJob(id, await redis.hgetall(keyOf(id)))
  }

  return {
    get,

    /** @param id - a ULID; a job that has started with it stays as it is */
    async create(job: NewJob, id = ulid()): Promise<JobRecord> {
      let written = 0
      for (const items of batchesOf(job.items, WRITTEN_AT_ONCE)) {
        const texts = items.map((item) => JSON.stringify(item))
        await queue.fillJob(id, written, UNFINISHED_MS, texts)
        written += items.length
      }
      const { kind, isForced, ratePerSecond, request } = job
      const total = job.items.length
      await queue.beginJob(id, { kind, isForced, ratePerSecond, total, request: JSON.stringify(request) })
      return (await get(id)) as JobRecord
    },

    /** Newest first, those after `after`; fewer than asked for only at the end. */
    async list(limit: number, after?: string): Promise<readonly JobRecord[]> {
      const rank = after === undefined ? -1 : await redis.zrevrank(all, after)
      // That job is forgotten by now, so all older ones are too.
      if (rank === null) return []
      const jobs: JobRecord[] = []
      for (let at = rank + 1; jobs.length < limit; at += limit) {
        const ids = await redis.zrevrange(all, at, at + limit - 1)
        const found = await Promise.all(ids.map(get))
        jobs.push(...found.filter((job) => job !== undefined))
        const gone = ids.filter((_id, index) => !found[index])
        if (gone.length > 0) {
          await redis.zrem(all, ...gone)
          at -= gone.length
        }
        if (ids.length < limit) break
      }
      return jobs.slice(0, limit)
    },

    /** Ids of jobs that start with these letters, upper or lower case. */
    async beginning(letters: string): Promise<readonly string[]> {
      const ids = await membersBeginning(redis, all, letters.toUpperCase())
      const known = await Promise.all(ids.map((id) => redis.exists(keyOf(id))))
      return ids.filter((_id, index) => known[index] === 1)
    },

    /** Jobs that are not done. */
    active: (): Promise<string[]> => redis.smembers(active),

    async items(id: string, from: number, count: number): Promise<readonly RerunItem[]> {
      const texts = await redis.lrange(itemsOf(id), from, from + count - 1)
      return texts.map((text) => JSON.parse(text) as RerunItem)
    },

    /** False when it had ended before. */
    end: (id: string, status: 'done' | 'cancelled'): Promise<boolean> =>
      queue.endJob(id, status, retentionMs),

    /** The right to hand out a job's runs, for `ms` from now. Two owners do no harm: each step happens once. */
    hold: (id: string, owner: string, ms: number): Promise<boolean> => holdLock(redis, lockOf(id), owner, ms),

    release: (id: string, owner: string): Promise<void> => releaseLock(redis, lockOf(id), owner),
  }
}

function parseJob(id: string, fields: Readonly<Record<string, string>>): JobRecord | undefined {
  const { kind, status } = fields
  if (!kind || !status) return undefined
  const optional = (name: string, field: string) => (fields[field] ? { [name]: Number(fields[field]) } : {})
  return {
    id,
    kind: kind as JobRecord['kind'],
    status: status as JobRecord['status'],
    total: Number(fields['total']),
    position: Number(fields['position']),
    handedOut: Number(fields['handedOut']),
    passedOver: Number(fields['passedOver']),
    isForced: fields['isForced'] === '1',
    request: JSON.parse(fields['request'] ?? '{}') as Record<string, unknown>,
    createdAtMs: Number(fields['createdAt']),
    ...optional('ratePerSecond', 'ratePerSecond'),
    ...optional('endedAtMs', 'endedAt'),
  }
}
