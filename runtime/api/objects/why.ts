/** The reason a function has or has not processed an object: a code for programs, and words for people. Pure. @module */
import type { FunctionOfObject } from './model.ts'
import type { FunctionDefinition } from '../../function/definition.ts'
import { ANNOUNCEMENTS_KEPT_MS } from '../../queue/announcement.ts'
import { CREATED_EVENTS } from '../../storage/object-version.ts'
import type { Mismatch } from '../../function/routing.ts'
import type { Manifest } from '../../output/manifest.ts'
import type { Verdict } from '../../output/verdict.ts'
import type { RunRecord } from '../../queue/run.ts'
import { mismatchInWords } from './mismatch.ts'
import * as next from './next.ts'
import { inUtc, progressOf, succeededInWords, times } from './words.ts'

export interface KeyTrouble {
  readonly reason: 'impossible' | 'reserved'
  readonly explanation: string
}

export type Why = Pick<FunctionOfObject, 'reason' | 'explanation' | 'told' | 'next'>

/** Everything known about one function and one object. */
export interface Facts {
  readonly definition: FunctionDefinition
  readonly mismatch?: Mismatch | undefined
  /** The current version of the object; absent when there is none. */
  readonly object?:
    { readonly key: string; readonly sizeBytes: number; readonly lastModifiedMs: number } | undefined
  /** Whether any event, run, version or result of the key is known. */
  readonly wasThere: boolean
  /** How the current version was created; absent when it was not announced. */
  readonly eventName?: string | undefined
  readonly run?: RunRecord | undefined
  /** Said of a run that cannot be read; then there is no `run`. */
  readonly unreadable?: string | undefined
  /** The reason there can be no such object, or no run for it. */
  readonly trouble?: KeyTrouble | undefined
  /** Of the current version, or of the last one that existed. */
  readonly result?: Manifest | undefined
  readonly verdict?: Verdict | undefined
  /** Whether there is no object at the place of its result. */
  readonly isVacant?: boolean
  readonly isPaused: boolean
  readonly workers: number
  readonly watermarkMs: number | undefined
  readonly nowMs: number
  /** The time that the sweep leaves an upload to its event. */
  readonly graceMs: number
  /** The time that results are kept; undefined means for ever. */
  readonly resultsKeptMs?: number | undefined
}

export function whyOf(facts: Facts): Why {
  const { definition, mismatch, object, run } = facts
  if (facts.trouble && !run && mismatch !== 'bucket')
    return because(facts.trouble.reason, facts.trouble.explanation)
  const notFor = mismatch && told(mismatch, mismatchInWords(mismatch, definition, object))
  // A request makes a run also where the object itself does not ask for one.
  if (notFor && mismatch !== 'not-asked') return notFor
  if (run) return whyOfRun(facts, run)
  const ended = whyOfRecords(facts)
  if (ended) return ended
  if (notFor) return notFor
  if (!object) return facts.wasThere ? GONE : NEVER_THERE
  return whyNoRun(facts, object)
}

const GONE = because('gone', 'the object was removed, and no run for it is known any more')
const NEVER_THERE = because(
  'never-there',
  'there is no such object and no event for it was ever received: check the spelling, including upper and lower case',
)

function because(reason: Why['reason'], words: string, ...steps: next.Told['next']): Why {
  return told(reason, { told: words, next: steps })
}

function told(reason: Why['reason'], words: next.Told): Why {
  return { reason, explanation: next.inOneText(words), told: words.told, next: [...words.next] }
}

function whyOfRun(facts: Facts, run: RunRecord): Why {
  const { definition, isPaused, workers } = facts
  const { name } = definition
  const waits = run.lane === 'low' ? 'it is waiting behind uploads' : 'it is waiting for its turn'
  const reason = run.error || run.reason || 'no reason was given'
  switch (run.state) {
    case 'queued':
      if (isPaused) return because('paused', `it is waiting because ${name} is paused`, next.resume(name))
      if (workers === 0) {
        const words = `it is waiting, and no worker serves ${name}`
        return because('no-worker', words, next.startWorker(name))
      }
      return because('waiting', waits)
    case 'retrying': {
      const at = run.dueAtMs === undefined ? '' : ` at ${inUtc(run.dueAtMs)}`
      const failed =
        run.attempts === 0
          ? 'it was handed back'
          : `attempt ${run.attempts} of ${definition.maxAttempts} failed`
      if (workers === 0) {
        const but = isPaused
          ? `${name} is paused, and no worker currently serves it`
          : `no worker currently serves ${name}`
        return because('retrying', `${failed}; ${but}; the next attempt starts when one does: ${reason}`)
      }
      const paused = isPaused ? `, but ${name} is paused` : ''
      return because('retrying', `${failed}; the next one starts${at}${paused}: ${reason}`)
    }
    case 'running':
      if (workers === 0) {
        return because(
          'running',
          `attempt ${run.attempts + 1} was running${progressOf(run)}, but no worker currently serves ${name}: it is taken back and restarted when one does`,
        )
      }
      return because('running', `attempt ${run.attempts + 1} is running${progressOf(run)}`)
    case 'succeeded':
      if (facts.object && !facts.result && facts.isVacant) return removed(facts, facts.object)
      return because('succeeded', `${succeededInWords(run.attempts + 1, facts.result)}${removedSince(facts)}`)
    case 'dead': {
      const tries = run.reason === 'crash-loop' ? 'it took its worker down' : times(run.attempts, 'attempt')
      // The same run would end in the same way.
      const again = run.reason === 'permanent' ? remediesOf(facts) : [next.runAgain(run.runId)]
      return because('dead', `given up (${run.reason ?? 'dead'}, ${tries}): ${reason}`, ...again)
    }
    case 'cancelled':
      return because('cancelled', 'cancelled on request', next.runAgain(run.runId))
    case 'superseded':
      return because('superseded', `not run, because ${reason}`)
    case 'source-gone':
      return because('source-gone', `not run, because ${reason}`)
  }
}

/** Redis has forgotten the run, or was emptied: the buckets still record how it ended. */
function whyOfRecords(facts: Facts): Why | undefined {
  const { result, verdict } = facts
  // An object that is gone may have both, from two uploads.
  const isNewer = verdict && result && verdict.run !== result.run && verdict.at > result.finishedAt
  if (result && !isNewer)
    return because('succeeded', `${succeededInWords(undefined, result)}${removedSince(facts)}`)
  if (!verdict) return undefined
  if (verdict.state === 'removed' && facts.object) return removed(facts, facts.object)
  const sourceRemoved = verdict.state === 'source-gone' ? '' : removedSince(facts)
  return because(verdict.state, `${verdict.state} since ${verdict.at}: ${verdict.reason}${sourceRemoved}`)
}

/** Removed on purpose, as far as is known, so it is not made again automatically. */
function removed({ definition, run, verdict }: Facts, { key }: NonNullable<Facts['object']>): Why {
  const at = verdict?.state === 'removed' ? ` (${inUtc(Date.parse(verdict.at))})` : ''
  // The removal was not observed: the function may write to another place now than when the run ended.
  const elsewhere =
    verdict?.state === 'removed' ? '' : ', unless it is in an earlier output bucket or folder of its function'
  const done = run?.endedAtMs === undefined ? 'done' : `done at ${inUtc(run.endedAtMs)}`
  return because(
    'removed',
    `${done}, but its result has been removed${at}, by hand or by a rule of its bucket${elsewhere}; it is not made again automatically`,
    next.reprocess('Make it again', targetOf(definition, key)),
  )
}

/** The remedies where the same run would end in the same way. */
function remediesOf({ definition, object }: Facts): next.Told['next'] {
  if (!object || Object.keys(definition.options.shape).length === 0) return [next.UPLOAD_AGAIN]
  return [next.UPLOAD_AGAIN, ...next.withOtherOptions(targetOf(definition, object.key))]
}

function targetOf({ name, bucket }: FunctionDefinition, key: string) {
  return { bucket, key, functionName: name }
}

function removedSince({ object }: Facts): string {
  return object ? '' : '; its source has been removed'
}

function whyNoRun(facts: Facts, object: NonNullable<Facts['object']>): Why {
  const { definition, watermarkMs, nowMs, eventName, graceMs, resultsKeptMs } = facts
  const run = next.reprocess('Run it', targetOf(definition, object.key))
  if (watermarkMs === undefined) {
    return because(
      'not-set-up',
      `${definition.name} was never set up on this store, so its uploads are not announced`,
      next.SET_UP,
    )
  }
  if (object.lastModifiedMs < watermarkMs) {
    return because(
      'before-watermark',
      `it was uploaded before ${definition.name} was set up (${inUtc(watermarkMs)}), and older uploads run only on request`,
      run,
    )
  }
  if (resultsKeptMs !== undefined && nowMs - object.lastModifiedMs > resultsKeptMs) {
    return because(
      'past-keeping',
      `it is older than results are kept (SLUICE_RESULTS_KEPT), so a missing result is not made automatically`,
      run,
    )
  }
  if (facts.unreadable !== undefined) return because('forgotten', facts.unreadable, next.SWEEP_NOW)
  if (eventName !== undefined) {
    return because(
      'forgotten',
      `it was announced (${eventName}), but neither a run nor a result is known any more: the next sweep runs it`,
      next.SWEEP_NOW,
    )
  }
  if (nowMs - object.lastModifiedMs < graceMs) {
    return because(
      'waiting-for-events',
      `it was just uploaded and has not been announced yet; if it is not by ${inUtc(object.lastModifiedMs + graceMs)}, the sweep runs it`,
    )
  }
  if (CREATED_EVENTS.some((name) => !definition.events.includes(name))) {
    return because(
      'event-unknown',
      `it runs for ${definition.events.join(', ')} only, and how the object was created is no longer known: perhaps in another way, or it was never announced`,
      run,
    )
  }
  const isForgotten = nowMs - object.lastModifiedMs > ANNOUNCEMENTS_KEPT_MS
  return because(
    'not-announced',
    isForgotten
      ? 'no run, result or announcement of it is known any more (announcements are kept for two days): the next full sweep runs it'
      : 'no announcement of it is known: the next sweep runs it',
    ...(isForgotten ? [] : [next.EXAMINE]),
    next.SWEEP_NOW,
  )
}
