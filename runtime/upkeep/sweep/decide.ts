/**
 * Decides about the latest version of an object and one function that matches it: the bucket is the truth, and every upload
 * ends with a result or a recorded end. Pure.
 * @module
 */
import type { Vacancy } from '../../output/vacancy.ts'
import type { VerdictState } from '../../output/verdict.ts'
import type { RunState } from '../../queue/run.ts'
import type { ReportReason } from '../../queue/sweeps.ts'

export interface Facts {
  /** State of the run of this version; undefined when Redis knows no such run. */
  readonly state?: RunState | undefined
  readonly runId: string
  readonly lastModifiedMs: number
  readonly nowMs: number
  readonly graceMs: number
  /** Undefined when the function was never set up. */
  readonly watermarkMs: number | undefined
  /** Whether a success is compared with the current result: that may be of a version that is gone by now. */
  readonly isThorough: boolean
  /** Whether the buckets are also asked about objects that are too old to be healed: they may have been run on request. */
  readonly isExact: boolean
  /** Whether the function removes its sources after success, and their bucket has versions, without which it cannot. */
  readonly removesSource?: boolean
  /** Whether the function accepts the way in which the version was created, which a listing does not tell. */
  readonly isEventKnown: boolean
  /** Results of older uploads are not kept; undefined when all are. */
  readonly keptMs?: number | undefined
  /** Earlier uploads were decided by a pass of this Redis that has ended; undefined when none has. */
  readonly decidedBeforeMs?: number | undefined
  /** The store has announced that a result was removed from this place. */
  readonly isRemovalAnnounced?: boolean
  /** Results and verdicts in the buckets; undefined before they are read. */
  readonly records?: Records | undefined
}

export interface Records {
  /** The run of the current result, and the time of its version. */
  readonly result?: { readonly run: string; readonly lastModifiedMs: number } | undefined
  readonly verdict?: { readonly run: string; readonly state: VerdictState } | undefined
  /** Read only when there is no result; `occupied` by something that is not this function's. */
  readonly vacancy?: Vacancy | 'occupied' | undefined
}

export type Decision =
  | { readonly kind: 'leave' | 'repair' | 'ask-store' | 'ask-place' }
  /** Its result was removed on purpose, which is to be recorded. */
  | { readonly kind: 'removed'; readonly removedAtMs?: number | undefined }
  | { readonly kind: 'report'; readonly reason: ReportReason }
  | { readonly kind: 'heal'; readonly reason: 'lost-event' | 'restored' }

const LEAVE: Decision = { kind: 'leave' }
const RESTORED: Decision = { kind: 'heal', reason: 'restored' }
const LOST: Decision = { kind: 'heal', reason: 'lost-event' }

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

/**
 * A success always had a result, but not always at today's place: the function may have had another output bucket then, or
 * the key another folder. So only a trace shows that it was removed.
 */
function ofSuccess(facts: Facts): Decision {
  const { isThorough, records, runId } = facts
  if (!isThorough) return LEAVE
  if (!records) return { kind: 'ask-store' }
  const { result, verdict, vacancy } = records
  if (result) return result.run === runId ? LEAVE : RESTORED
  if (verdict?.run === runId && verdict.state === 'removed') return { kind: 'report', reason: 'removed' }
  if (isPastKeeping(facts)) return LEAVE
  if (!vacancy) return { kind: 'ask-place' }
  if (vacancy === 'occupied' || !isTraced(facts, vacancy)) return LEAVE
  return { kind: 'removed', removedAtMs: vacancy.removedAtMs }
}

/** A result is at least as young as its upload. */
function isPastKeeping({ keptMs, nowMs, lastModifiedMs }: Facts): boolean {
  return keptMs !== undefined && nowMs - lastModifiedMs > keptMs
}

function ofUnknown(facts: Facts): Decision {
  const { lastModifiedMs, nowMs, graceMs, watermarkMs, records, runId } = facts
  if (nowMs - lastModifiedMs < graceMs) return { kind: 'report', reason: 'too-young' }
  if (watermarkMs === undefined) return { kind: 'report', reason: 'not-set-up' }
  const isOld = lastModifiedMs < watermarkMs
  if (isOld && !facts.isExact) return { kind: 'report', reason: 'before-watermark' }
  if (!records) return { kind: 'ask-store' }
  const { result, verdict } = records
  // The debts of a success were forgotten together with it; it looks the same as one from a time when sources were kept.
  if (result?.run === runId) return facts.removesSource ? { kind: 'report', reason: 'source-stays' } : LEAVE
  if (isOld && verdict?.run === runId) return LEAVE
  if (isOld) return { kind: 'report', reason: 'before-watermark' }
  if (verdict?.run === runId) return ofVerdict(verdict.state)
  if (!facts.isEventKnown) return { kind: 'report', reason: 'event-unknown' }
  // Its own record was replaced by that of a newer version, which is gone.
  if (result && result.lastModifiedMs > lastModifiedMs) return RESTORED
  if (isPastKeeping(facts)) return { kind: 'report', reason: 'past-keeping' }
  if (result) return LOST
  const { vacancy } = records
  if (!vacancy) return { kind: 'ask-place' }
  if (vacancy === 'occupied' || !wasRemoved(facts, vacancy)) return LOST
  return { kind: 'removed', removedAtMs: vacancy.removedAtMs }
}

function ofVerdict(state: VerdictState): Decision {
  switch (state) {
    case 'dead':
    case 'cancelled':
      return LEAVE
    case 'removed':
      return { kind: 'report', reason: 'removed' }
    case 'superseded':
    case 'source-gone':
      return RESTORED
  }
}

/**
 * Whether the result of this very version was there. That something was removed is not enough, since it may have been an
 * older version's, also of one that is gone by now: then this one was never heard of, and an upload would be lost.
 */
function wasRemoved(facts: Facts, vacancy: Vacancy): boolean {
  if (vacancy.hidden === 'own') return true
  const { lastModifiedMs, decidedBeforeMs = -Infinity } = facts
  return isTraced(facts, vacancy) && lastModifiedMs < decidedBeforeMs
}

/** Whether there is a sign that a result was removed here since the upload, and none that it was another's. */
function isTraced({ lastModifiedMs, isRemovalAnnounced }: Facts, { hidden, removedAtMs }: Vacancy): boolean {
  if (hidden !== 'unknown') return hidden === 'own'
  return isRemovalAnnounced === true || (removedAtMs ?? -Infinity) > lastModifiedMs
}
