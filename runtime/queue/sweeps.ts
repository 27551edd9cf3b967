/** The sweep's state in Redis: the pass in progress, the requests that wait, and the ends of the last passes. @module */
import type { Redis } from 'ioredis'
import type { Queue } from './queue.ts'

/** `full` examines every object, `recent` those that arrived since shortly before the start of the last pass. */
export const PASS_KINDS = ['full', 'recent'] as const
type PassKind = (typeof PASS_KINDS)[number]

/** The cause of a pass. */
export type PassCause = 'request' | 'start' | 'no-marker' | 'interval' | 'reconnect'

/**
 * Reasons for which the sweep heals something:
 * - `lost-event`: neither a run nor a record of one: the upload was never heard of
 * - `restored`: its run ended because of a newer version, and that is gone: it is the latest once more
 * - `stream-entry`, `delay-entry`: its run has lost its place in Redis
 * - `lost-delete`: results of a source that was deleted, of a function which removes them then
 */
export const HEAL_REASONS = ['lost-event', 'restored', 'stream-entry', 'delay-entry', 'lost-delete'] as const
export type HealReason = (typeof HEAL_REASONS)[number]

/**
 * Reasons for which the sweep only reports something:
 * - an object without a run: `too-young`, `before-watermark`, `not-set-up`, `event-unknown`
 * - `removed`: its result was there and was removed on purpose: only a request makes it again
 * - `past-keeping`: it has no result, and is so old that its result would not be kept
 * - `source-stays`: it is done, and a function that removes sources after success has not removed this one: Redis was
 *   emptied before, or another function has not succeeded
 * - `deleted-before`: results of a source that was deleted before the last full pass, which left them alone
 * - `unreadable`: the store does not return the objects that would tell what became of it
 * - `bucket-refused`: a bucket that the store does not list
 */
export const REPORT_REASONS = [
  'too-young',
  'before-watermark',
  'not-set-up',
  'event-unknown',
  'removed',
  'past-keeping',
  'source-stays',
  'deleted-before',
  'unreadable',
  'bucket-refused',
] as const
export type ReportReason = (typeof REPORT_REASONS)[number]

/** An object that the sweep leaves alone, or a bucket, which has no key. */
export interface LeftAlone {
  readonly reason: ReportReason
  readonly bucket: string
  readonly key?: string
  readonly functionName?: string
}

/** A request for a pass. */
export interface PassRequest {
  readonly id: string
  readonly kind: PassKind
  /** Only this bucket, and only keys with this prefix. */
  readonly bucket?: string | undefined
  readonly prefix?: string | undefined
}

/** A pass and its progress. It is stored after each batch, and the next process continues from there. */
export interface Pass extends PassRequest {
  readonly cause: PassCause
  /** Redis's clock. */
  readonly startedAtMs: number
  readonly endedAtMs?: number
  /** Older objects are not examined. */
  readonly sinceMs: number
  /** Results follow deletions since then; absent: they follow none. */
  readonly deletesSinceMs?: number
  readonly at: Place
  readonly objects: number
  readonly runs: number
  /** The stored counts include everything that was healed for the pass, even by a process that died before it could report it. */
  readonly healed: Readonly<Partial<Record<HealReason, number>>>
  readonly reported: Readonly<Partial<Record<ReportReason, number>>>
  /** The first objects left alone for each reason. */
  readonly left?: readonly LeftAlone[]
  /** The reason why it could not examine everything. */
  readonly failure?: string
}

/** The place from which a pass continues: first through all runs, then through the buckets in their order. */
export type Place =
  | { readonly stage: 'runs'; readonly cursor: string }
  | { readonly stage: 'objects'; readonly bucket: string; readonly after?: string | undefined }
  | { readonly stage: 'end' }

export interface SweepState {
  readonly pass?: Pass
  /** The requests that wait, in the order of their arrival. */
  readonly requests?: readonly PassRequest[]
  /** The last passes over everything that have ended. */
  readonly full?: Pass
  readonly recent?: Pass
  /** The last pass over everything that failed, unless one has succeeded since. */
  readonly failed?: Pass
  /** The last passes of any scope that have ended, newest first. */
  readonly ended?: readonly Pass[]
}

/** How many ended passes are remembered: so many requested ones, and so many others. */
const REMEMBERED = 10
/** How many requests wait at most. */
const MAX_REQUESTS = 20

/** Prefix of the fields of waiting requests. */
const REQUEST = 'wish:'
/** Prefix of the counts of healed runs, a field for each pass and reason; the scripts that heal count there (prelude.lua). */
const HEALED = 'healed:'

export type SweepStore = ReturnType<typeof createSweepStore>

export function createSweepStore(redis: Redis, queue: Pick<Queue, 'keys' | 'saveSweep'>) {
  const { sweep: key } = queue.keys
  return {
    async read(): Promise<SweepState> {
      const fields = await redis.hgetall(key)
      const named = Object.entries(fields)
      const requests = named.filter(([name]) => name.startsWith(REQUEST))
      const rest = named.filter(([name]) => !name.startsWith(REQUEST) && !name.startsWith(HEALED))
      const state = Object.fromEntries(
        rest.map(([name, text]) => [name, JSON.parse(text) as unknown]),
      ) as SweepState
      return {
        ...state,
        ...(state.pass && { pass: withCounts(state.pass, fields) }),
        ...(requests.length > 0 && {
          requests: requests.map(([, text]) => JSON.parse(text) as PassRequest).toSorted(byId),
        }),
      }
    },

    /** The request that waits: this one, or an equal one that waited before; undefined when too many wait. */
    async ask(request: PassRequest): Promise<PassRequest | undefined> {
      const { requests = [] } = await this.read()
      const same = requests.find((each) => isSameRequest(each, request))
      if (same) return same
      if (requests.length >= MAX_REQUESTS) return undefined
      await redis.hset(key, `${REQUEST}${request.id}`, JSON.stringify(request))
      return request
    },

    /** Starts a pass and removes the request that it serves. */
    async begin(pass: Pass): Promise<void> {
      const before = Object.keys(await redis.hgetall(key)).filter((name) => name.startsWith(HEALED))
      const commands = redis.multi().hset(key, 'pass', JSON.stringify(pass))
      if (before.length > 0) commands.hdel(key, ...before)
      if (pass.cause === 'request') commands.hdel(key, `${REQUEST}${pass.id}`)
      await commands.exec()
    },

    /** False when Redis has lost the pass: then its findings must be healed again. */
    save: (pass: Pass): Promise<boolean> => queue.saveSweep(pass.id, [['pass', JSON.stringify(pass)]]),

    /** The pass with all its counts; undefined when Redis has lost it. */
    async end(last: Pass): Promise<Pass | undefined> {
      const { ended = [] } = await this.read()
      const pass = withCounts(last, await redis.hgetall(key))
      const text = JSON.stringify(pass)
      const isStored = await queue.saveSweep(pass.id, [
        ...(isAboutAll(pass) ? marksOf(pass, text) : []),
        ['ended', JSON.stringify(remembered([pass, ...ended]))],
        ['pass', ''],
        ...HEAL_REASONS.map((reason) => [countField(pass, reason), ''] as const),
      ])
      return isStored ? pass : undefined
    },
  }
}

function countField({ id }: Pass, reason: HealReason): string {
  return `${HEALED}${id}:${reason}`
}

function withCounts(pass: Pass, fields: Readonly<Record<string, string>>): Pass {
  const healed: Partial<Record<HealReason, number>> = { ...pass.healed }
  for (const reason of HEAL_REASONS) {
    const count = Number(fields[countField(pass, reason)] ?? 0)
    if (count > (healed[reason] ?? 0)) healed[reason] = count
  }
  return { ...pass, healed }
}

/** Passes that run every few minutes must not push out one that somebody waits for. */
function remembered(ended: readonly Pass[]): readonly Pass[] {
  const isAsked = ({ cause }: Pass) => cause === 'request'
  const [asked, own] = [ended.filter(isAsked), ended.filter((pass) => !isAsked(pass))]
  const kept = new Set([...asked.slice(0, REMEMBERED), ...own.slice(0, REMEMBERED)])
  return ended.filter((pass) => kept.has(pass))
}

function isSameRequest(a: PassRequest, b: PassRequest): boolean {
  return a.kind === b.kind && a.bucket === b.bucket && a.prefix === b.prefix
}

/** Ids sort by time. */
function byId(a: PassRequest, b: PassRequest): number {
  return a.id < b.id ? -1 : 1
}

/** A failed pass does not set the mark: the next one has to examine the same objects again. */
function marksOf({ kind, failure }: Pass, text: string): readonly (readonly [string, string])[] {
  if (failure !== undefined) return [['failed', text]]
  return [
    [kind, text],
    ['failed', ''],
  ]
}

/** Only such a pass sets the mark from which the next ones start. */
export function isAboutAll({ bucket, prefix }: PassRequest): boolean {
  return bucket === undefined && !prefix
}
