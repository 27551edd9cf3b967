/** What Redis keeps of the sweep: the pass that goes on, those that are asked for, and how the last ones ended. @module */
import type { Redis } from 'ioredis'
import type { Queue } from './queue.ts'

/** `full` looks at every object, `recent` at those that came since shortly before the last pass began. */
export const PASS_KINDS = ['full', 'recent'] as const
export type PassKind = (typeof PASS_KINDS)[number]

/** Why a pass began. */
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

/** Which pass somebody wants. */
export interface Wish {
  readonly id: string
  readonly kind: PassKind
  /** Only this bucket, and only keys that begin so. */
  readonly bucket?: string | undefined
  readonly prefix?: string | undefined
}

/** A pass, as far as it has come: after each batch it is stored, and whoever comes next goes on from there. */
export interface Pass extends Wish {
  readonly cause: PassCause
  /** Redis's clock. */
  readonly startedAtMs: number
  readonly endedAtMs?: number
  /** Older objects are none of its business. */
  readonly sinceMs: number
  /** Results follow deletes that are not older; none when it is absent. */
  readonly deletesSinceMs?: number
  readonly at: Place
  readonly objects: number
  readonly runs: number
  /** What is stored counts all that was healed for it, also what the process that did so could not tell any more. */
  readonly healed: Readonly<Partial<Record<HealReason, number>>>
  readonly reported: Readonly<Partial<Record<ReportReason, number>>>
  /** The first that are left alone, of each reason. */
  readonly left?: readonly LeftAlone[]
  /** Why it could not look at everything that it is about. */
  readonly failure?: string
}

/** Where a pass goes on: first through all runs, then through the buckets in their order. */
export type Place =
  | { readonly stage: 'runs'; readonly cursor: string }
  | { readonly stage: 'objects'; readonly bucket: string; readonly after?: string | undefined }
  | { readonly stage: 'end' }

export interface SweepState {
  readonly pass?: Pass
  /** Those that wait, in the order in which they came. */
  readonly wishes?: readonly Wish[]
  /** The last ones that have ended and were about everything. */
  readonly full?: Pass
  readonly recent?: Pass
  /** The last one that was about everything and has failed, when none has done better since. */
  readonly failed?: Pass
  /** The last ones that have ended, whatever they were about, the newest first. */
  readonly ended?: readonly Pass[]
}

/** So many ends are remembered: passes that were asked for, and those that nobody has asked for. */
const REMEMBERED = 10
/** So many wishes wait at most. */
const MAX_WISHES = 20

/** Begins the fields of those that wait. */
const WISH = 'wish:'
/** Begins the counts of what was healed, a field for each pass and reason: the scripts that heal count there (prelude.lua). */
const HEALED = 'healed:'

export type SweepStore = ReturnType<typeof createSweepStore>

export function createSweepStore(redis: Redis, queue: Pick<Queue, 'keys' | 'saveSweep'>) {
  const { sweep: key } = queue.keys
  return {
    async read(): Promise<SweepState> {
      const fields = await redis.hgetall(key)
      const named = Object.entries(fields)
      const wishes = named.filter(([name]) => name.startsWith(WISH))
      const rest = named.filter(([name]) => !name.startsWith(WISH) && !name.startsWith(HEALED))
      const state = Object.fromEntries(
        rest.map(([name, text]) => [name, JSON.parse(text) as unknown]),
      ) as SweepState
      return {
        ...state,
        ...(state.pass && { pass: withCounts(state.pass, fields) }),
        ...(wishes.length > 0 && {
          wishes: wishes.map(([, text]) => JSON.parse(text) as Wish).toSorted(byId),
        }),
      }
    },

    /** The wish that waits: this one, or the same that waited before; undefined when too many do. */
    async ask(wish: Wish): Promise<Wish | undefined> {
      const { wishes = [] } = await this.read()
      const same = wishes.find((each) => isSameWish(each, wish))
      if (same) return same
      if (wishes.length >= MAX_WISHES) return undefined
      await redis.hset(key, `${WISH}${wish.id}`, JSON.stringify(wish))
      return wish
    },

    /** A pass begins; the wish that it fulfils is none any more. */
    async begin(pass: Pass): Promise<void> {
      const before = Object.keys(await redis.hgetall(key)).filter((name) => name.startsWith(HEALED))
      const commands = redis.multi().hset(key, 'pass', JSON.stringify(pass))
      if (before.length > 0) commands.hdel(key, ...before)
      if (pass.cause === 'request') commands.hdel(key, `${WISH}${pass.id}`)
      await commands.exec()
    },

    /** False when Redis has forgotten the pass: what was healed before it did so has to be healed anew. */
    save: (pass: Pass): Promise<boolean> => queue.saveSweep(pass.id, [['pass', JSON.stringify(pass)]]),

    /** The pass with all its counts; undefined when Redis has forgotten it, likewise. */
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

/** What comes every few minutes must not push out what somebody waits for. */
function remembered(ended: readonly Pass[]): readonly Pass[] {
  const isAsked = ({ cause }: Pass) => cause === 'request'
  const [asked, own] = [ended.filter(isAsked), ended.filter((pass) => !isAsked(pass))]
  const kept = new Set([...asked.slice(0, REMEMBERED), ...own.slice(0, REMEMBERED)])
  return ended.filter((pass) => kept.has(pass))
}

function isSameWish(a: Wish, b: Wish): boolean {
  return a.kind === b.kind && a.bucket === b.bucket && a.prefix === b.prefix
}

/** Ids tell the time. */
function byId(a: Wish, b: Wish): number {
  return a.id < b.id ? -1 : 1
}

/** What has failed is no mark: the next one has to look at the same once more. */
function marksOf({ kind, failure }: Pass, text: string): readonly (readonly [string, string])[] {
  if (failure !== undefined) return [['failed', text]]
  return [
    [kind, text],
    ['failed', ''],
  ]
}

/** Only such a pass is the mark that the next ones go by. */
export function isAboutAll({ bucket, prefix }: Wish): boolean {
  return bucket === undefined && !prefix
}
