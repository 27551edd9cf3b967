/**
 * What is to be done about the latest version of an object and one function that is for it: the bucket is the truth, and
 * every upload ends in a result or a recorded end. Pure.
 * @module
 */
import type { RunState } from '../queue/run.ts'

/**
 * What was wrong and is healed:
 * - `lost-event`: neither a run nor a record of one: nobody ever heard of the upload
 * - `restored`: its run ended because of a newer version, and that is gone: it is the latest once more
 * - `stream-entry`, `delay-entry`: its run has lost its place in Redis
 * - `lost-delete`: results of a source that was deleted, of a function which removes them then
 */
export const HEAL_REASONS = ['lost-event', 'restored', 'stream-entry', 'delay-entry', 'lost-delete'] as const
export type HealReason = (typeof HEAL_REASONS)[number]

/**
 * What is left alone, and told of:
 * - an object without a run: `too-young`, `before-watermark`, `not-set-up`, `event-unknown`
 * - `deleted-before`: results of a source that was deleted before the last full pass, which let them stand
 * - `unreadable`: nobody can say what became of it, since the store does not give what would tell
 * - `bucket-refused`: a bucket that the store does not list
 */
export const REPORT_REASONS = [
  'too-young',
  'before-watermark',
  'not-set-up',
  'event-unknown',
  'deleted-before',
  'unreadable',
  'bucket-refused',
] as const
export type ReportReason = (typeof REPORT_REASONS)[number]

/** What is left alone, by its name; a bucket has no key. */
export interface LeftAlone {
  readonly reason: ReportReason
  readonly bucket: string
  readonly key?: string
  readonly functionName?: string
}

export interface Facts {
  /** Of the run of this version; undefined when Redis knows of none. */
  readonly state?: RunState | undefined
  readonly runId: string
  readonly lastModifiedMs: number
  readonly nowMs: number
  readonly graceMs: number
  /** Undefined when the function was never set up. */
  readonly watermarkMs: number | undefined
  /** Whether a success is compared with the result that stands: it may be of a version that is gone by now. */
  readonly isThorough: boolean
  /** Whether the buckets are asked also of what is left alone as too old: it may have been run on request. */
  readonly isExact: boolean
  /** Whether the function takes whatever way the version came to be; a listing does not say how it did. */
  readonly isEventKnown: boolean
  /** What the buckets say; undefined while they were not asked. */
  readonly records?: Records | undefined
}

export interface Records {
  /** The run whose result stands, and the time of its version. */
  readonly result?: { readonly run: string; readonly lastModifiedMs: number } | undefined
  readonly verdict?: { readonly run: string; readonly state: RunState } | undefined
}

export type Decision =
  | { readonly kind: 'leave' | 'repair' | 'ask-store' }
  | { readonly kind: 'report'; readonly reason: ReportReason }
  | { readonly kind: 'heal'; readonly reason: 'lost-event' | 'restored' }

const LEAVE: Decision = { kind: 'leave' }
const RESTORED: Decision = { kind: 'heal', reason: 'restored' }

export function decide(facts: Facts): Decision {
  switch (facts.state) {
    case 'queued':
    case 'running':
    case 'retrying':
      return { kind: 'repair' }
    case 'dead':
    case 'cancelled':
      return LEAVE
    case 'superseded':
    case 'source-gone':
      return RESTORED
    case 'succeeded':
      return ofSuccess(facts)
    case undefined:
      return ofUnknown(facts)
  }
}

/** A result that nobody replaced is this run's; one that was removed by hand is nobody's mistake. */
function ofSuccess({ isThorough, records, runId }: Facts): Decision {
  if (!isThorough) return LEAVE
  if (!records) return { kind: 'ask-store' }
  return records.result && records.result.run !== runId ? RESTORED : LEAVE
}

function ofUnknown(facts: Facts): Decision {
  const { lastModifiedMs, nowMs, graceMs, watermarkMs, records, runId } = facts
  if (nowMs - lastModifiedMs < graceMs) return { kind: 'report', reason: 'too-young' }
  if (watermarkMs === undefined) return { kind: 'report', reason: 'not-set-up' }
  const isOld = lastModifiedMs < watermarkMs
  if (isOld && !facts.isExact) return { kind: 'report', reason: 'before-watermark' }
  if (!records) return { kind: 'ask-store' }
  const { result, verdict } = records
  if (result?.run === runId || (isOld && verdict?.run === runId)) return LEAVE
  if (isOld) return { kind: 'report', reason: 'before-watermark' }
  if (verdict?.run === runId) {
    return verdict.state === 'dead' || verdict.state === 'cancelled' ? LEAVE : RESTORED
  }
  if (!facts.isEventKnown) return { kind: 'report', reason: 'event-unknown' }
  // Its own record gave way to a newer version's, which is gone.
  return result && result.lastModifiedMs > lastModifiedMs ? RESTORED : { kind: 'heal', reason: 'lost-event' }
}
