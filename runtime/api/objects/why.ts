/** Why a function has or has not done its work on an object: a code for programs, and words for people. Pure. @module */
import type { FunctionOfObject } from './model.ts'
import type { FunctionDefinition } from '../../function/definition.ts'
import { ANNOUNCEMENTS_KEPT_MS } from '../../queue/announcement.ts'
import { CREATED_EVENTS } from '../../storage/event.ts'
import type { Mismatch } from '../../function/routing.ts'
import type { Manifest } from '../../output/manifest.ts'
import type { Verdict } from '../../output/verdict.ts'
import type { RunRecord } from '../../queue/run.ts'
import { formatBytes } from '../../amounts.ts'
import { shellWord } from '../../telemetry/safe-text.ts'
import { mismatchInWords } from './mismatch.ts'

export interface KeyTrouble {
  readonly reason: 'impossible' | 'reserved'
  readonly explanation: string
}

export interface Why {
  readonly reason: FunctionOfObject['reason']
  readonly explanation: string
}

/** All that is known of one function and one object. */
export interface Facts {
  readonly definition: FunctionDefinition
  readonly mismatch?: Mismatch | undefined
  /** The object as it is now; absent when it is not there. */
  readonly object?:
    { readonly key: string; readonly sizeBytes: number; readonly lastModifiedMs: number } | undefined
  /** Any event, run, version or result of the key is known. */
  readonly wasThere: boolean
  /** Whether the version that is there now was announced, and how it came to be. */
  readonly eventName?: string | undefined
  readonly run?: RunRecord | undefined
  /** Why there can be no such object, or no run of it. */
  readonly trouble?: KeyTrouble | undefined
  /** Of the version that is there now, or of the last one that was. */
  readonly result?: Manifest | undefined
  readonly verdict?: Verdict | undefined
  /** Nothing lies at the place of its result. */
  readonly isVacant?: boolean
  readonly isPaused: boolean
  readonly workers: number
  readonly watermarkMs: number | undefined
  readonly nowMs: number
  /** How long the sweep leaves an upload to its event. */
  readonly graceMs: number
  /** How long results are kept; undefined: for ever. */
  readonly resultsKeptMs?: number | undefined
}

export function whyOf(facts: Facts): Why {
  const { definition, mismatch, object, run } = facts
  if (facts.trouble && !run && mismatch !== 'bucket') return facts.trouble
  if (mismatch !== undefined) return because(mismatch, mismatchInWords(mismatch, definition, object))
  if (run) return whyOfRun(facts, run)
  const ended = whyOfRecords(facts)
  if (ended) return ended
  if (!object) return facts.wasThere ? GONE : NEVER_THERE
  return whyNoRun(facts, object)
}

const GONE = because('gone', 'the object was removed, and no run of it is known any more')
const NEVER_THERE = because(
  'never-there',
  'there is no such object, and nothing was ever heard of one: check the spelling, also of upper and lower case',
)

function because(reason: Why['reason'], explanation: string): Why {
  return { reason, explanation }
}

function whyOfRun(facts: Facts, run: RunRecord): Why {
  const { definition, isPaused, workers } = facts
  const { name } = definition
  const waits = run.lane === 'low' ? 'it waits, behind uploads' : 'it waits for its turn'
  const told = run.error || run.reason || 'no reason was given'
  switch (run.state) {
    case 'queued':
      if (isPaused) return because('paused', `it waits because ${name} is paused: sluice resume ${name}`)
      if (workers === 0) return because('no-worker', `it waits, and no worker serves ${name}: start one`)
      return because('waiting', waits)
    case 'retrying': {
      const at = run.dueAtMs === undefined ? '' : ` at ${inUtc(run.dueAtMs)}`
      const failed =
        run.attempts === 0
          ? 'it was handed back'
          : `attempt ${run.attempts} of ${definition.maxAttempts} failed`
      if (workers === 0) {
        const but = isPaused ? `${name} is paused and no worker serves it` : `no worker serves ${name}`
        return because('retrying', `${failed}, and ${but} now: the next one starts when one does: ${told}`)
      }
      const paused = isPaused ? `, but ${name} is paused` : ''
      return because('retrying', `${failed} and the next one starts${at}${paused}: ${told}`)
    }
    case 'running':
      if (workers === 0) {
        return because(
          'running',
          `attempt ${run.attempts + 1} was running${progressOf(run)}, and no worker serves ${name} now: it is taken back and started again when one does`,
        )
      }
      return because('running', `attempt ${run.attempts + 1} is running${progressOf(run)}`)
    case 'succeeded':
      if (facts.object && !facts.result && facts.isVacant) return removed(facts, facts.object)
      return because('succeeded', `${succeededInWords(run.attempts + 1, facts.result)}${removedSince(facts)}`)
    case 'dead': {
      const tries = run.reason === 'crash-loop' ? 'it took its worker down' : times(run.attempts, 'attempt')
      // The very same would end the very same way.
      const again = run.reason === 'permanent' ? elseInWords(facts) : againInWords(run.runId)
      return because('dead', `given up (${run.reason ?? 'dead'}, ${tries}): ${told}. ${again}`)
    }
    case 'cancelled':
      return because('cancelled', `cancelled on request. ${againInWords(run.runId)}`)
    case 'superseded':
      return because('superseded', `not run, because ${told}`)
    case 'source-gone':
      return because('source-gone', `not run, because ${told}`)
  }
}

/** Redis has forgotten the run, or was emptied: the buckets still tell how it ended. */
function whyOfRecords(facts: Facts): Why | undefined {
  const { result, verdict } = facts
  // Of an object that is gone both may stand, of two uploads.
  const isNewer = verdict && result && verdict.run !== result.run && verdict.at > result.finishedAt
  if (result && !isNewer)
    return because('succeeded', `${succeededInWords(undefined, result)}${removedSince(facts)}`)
  if (!verdict) return undefined
  if (verdict.state === 'removed' && facts.object) return removed(facts, facts.object)
  const sourceRemoved = verdict.state === 'source-gone' ? '' : removedSince(facts)
  return because(verdict.state, `${verdict.state} since ${verdict.at}: ${verdict.reason}${sourceRemoved}`)
}

/** On purpose, as far as anybody can tell: so nothing brings it back by itself. */
function removed({ definition, run, verdict }: Facts, { key }: NonNullable<Facts['object']>): Why {
  const at = verdict?.state === 'removed' ? ` (${inUtc(Date.parse(verdict.at))})` : ''
  const name = shellWord(`${definition.bucket}/${key}`)
  // Nobody has seen the removal: the place may be another one than when the run ended.
  const elsewhere =
    verdict?.state === 'removed'
      ? ''
      : ', unless it lies in an earlier output bucket or folder of its function'
  const done = run?.endedAtMs === undefined ? 'done' : `done at ${inUtc(run.endedAtMs)}`
  return because(
    'removed',
    `${done}, and its result was removed since${at}, by hand or by a rule of its bucket${elsewhere}: it is not made again by itself. Make it again: sluice reprocess ${name} --function ${definition.name}`,
  )
}

/** What may help where the same would end the same way. */
function elseInWords({ definition, object }: Facts): string {
  if (!object || Object.keys(definition.options.shape).length === 0)
    return 'Upload it again once it is mended'
  const { name, bucket } = definition
  const line = `sluice reprocess ${shellWord(`${bucket}/${object.key}`)} --function ${name} --option NAME=VALUE`
  return `Upload it again once it is mended, or run it with other options (sluice functions ${name} lists them): ${line}`
}

function removedSince({ object }: Facts): string {
  return object ? '' : '; its source was removed since'
}

function whyNoRun(facts: Facts, object: NonNullable<Facts['object']>): Why {
  const { definition, watermarkMs, nowMs, eventName, graceMs, resultsKeptMs } = facts
  const ask = 'sluice reprocess runs it'
  if (watermarkMs === undefined) {
    return because(
      'not-set-up',
      `${definition.name} was never set up on this store, so its uploads are not announced: sluice setup`,
    )
  }
  if (object.lastModifiedMs < watermarkMs) {
    return because(
      'before-watermark',
      `it was there before ${definition.name} was set up (${inUtc(watermarkMs)}), and what is older runs only on request: ${ask}`,
    )
  }
  if (resultsKeptMs !== undefined && nowMs - object.lastModifiedMs > resultsKeptMs) {
    return because(
      'past-keeping',
      `it is older than results are kept (SLUICE_RESULTS_KEPT), so what is not there is not made by itself: ${ask}`,
    )
  }
  if (eventName !== undefined) {
    return because(
      'forgotten',
      `it was announced (${eventName}), but neither a run nor a result is known any more: the next sweep takes it up (sluice sweep does so now)`,
    )
  }
  if (nowMs - object.lastModifiedMs < graceMs) {
    return because(
      'waiting-for-events',
      `it was uploaded just now and not announced yet; when it is not by ${inUtc(object.lastModifiedMs + graceMs)}, the sweep takes it up`,
    )
  }
  if (CREATED_EVENTS.some((name) => !definition.events.includes(name))) {
    return because(
      'event-unknown',
      `it runs for ${definition.events.join(', ')} only, and nobody knows any more how the object came to be: it may have been in another way, or never announced: ${ask}`,
    )
  }
  const isForgotten = nowMs - object.lastModifiedMs > ANNOUNCEMENTS_KEPT_MS
  return because(
    'not-announced',
    isForgotten
      ? 'neither a run nor a result nor an announcement of it is known any more (announcements are kept for two days): the next full sweep takes it up (sluice sweep does so now)'
      : 'no announcement of it is known (sluice doctor says whether the store announces anything): the next sweep takes it up (sluice sweep does so now)',
  )
}

function succeededInWords(attempts: number | undefined, result: Manifest | undefined): string {
  const after = attempts === undefined || attempts === 1 ? '' : ` after ${attempts} attempts`
  if (!result) return `done${after}, but its result is not there any more`
  const bytes = result.files.reduce((sum, file) => sum + file.bytes, 0)
  const warned = result.warnings.length > 0 ? `, with ${times(result.warnings.length, 'warning')}` : ''
  return `done${after} at ${inUtc(Date.parse(result.finishedAt))}: ${times(result.files.length, 'file')}, ${formatBytes(bytes)}${warned}`
}

function progressOf({ progress, startedAtMs }: RunRecord): string {
  const since = startedAtMs === undefined ? '' : ` since ${inUtc(startedAtMs)}`
  return progress?.percent === undefined ? since : `${since}, ${Math.floor(progress.percent)} %`
}

function againInWords(runId: string): string {
  return `Run it again: sluice redrive ${runId}`
}

export function times(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}

/** Such as `2026-11-23 16:00:01 UTC`. */
export function inUtc(epochMs: number): string {
  return `${new Date(epochMs).toISOString().slice(0, 19).replace('T', ' ')} UTC`
}
