/** One function's part in the history of an object. @module */
import type { FunctionOfObject } from './model.ts'
import { toTime } from '../http/page.ts'
import { outputsOf } from '../results/outputs.ts'
import { toRun } from '../runs/model.ts'
import { unreadableTold } from '../runs/unreadable.ts'
import type { FunctionDefinition } from '../../function/definition.ts'
import type { Mismatch } from '../../function/routing.ts'
import type { LimitStore } from '../../records/limits.ts'
import type { Manifest } from '../../output/manifest.ts'
import { runIdOf } from '../../queue/keys.ts'
import type { Queue } from '../../queue/queue.ts'
import type { RunRecord } from '../../queue/run.ts'
import { readWatermarkMs } from '../../records/watermark.ts'
import type { Storage } from '../../storage/storage.ts'
import type { LatestVersion } from '../../storage/latest.ts'
import type { RecordedOutcome } from '../../output/recorded-outcome.ts'
import { whyOf, type KeyTrouble } from './why.ts'

export interface ObjectFacts {
  readonly definition: FunctionDefinition
  /** Absent for other buckets. */
  readonly recorded?: RecordedOutcome | undefined
  readonly mismatch: Mismatch | undefined
  readonly bucket: string
  readonly key: string
  readonly object: LatestVersion | undefined
  /** Newest first. */
  readonly generations: readonly string[]
  readonly wasThere: boolean
  /** The reason there can be no such object, or no run for it. */
  readonly trouble: KeyTrouble | undefined
  readonly eventName: string | undefined
  /** For the ids of runs that cannot be read, the reason why. */
  readonly unreadable: ReadonlyMap<string, string>
  /** Of this function, of all generations. */
  readonly runs: readonly RunRecord[]
}

export interface FunctionOfObjectParts {
  readonly storage: Storage
  readonly queue: Queue
  readonly limits: LimitStore
  /** The time that the sweep leaves an upload to its event. */
  readonly graceMs: number
  readonly resultsKeptMs?: number | undefined
}

export async function readFunctionOfObject(
  { storage, queue, limits, graceMs, resultsKeptMs }: FunctionOfObjectParts,
  facts: ObjectFacts,
): Promise<FunctionOfObject> {
  const { definition, mismatch, recorded, bucket, key, object, generations, runs } = facts
  const { name } = definition
  if (!recorded) {
    const nothing = { isPaused: false, workers: 0, watermarkMs: undefined, graceMs }
    const why = whyOf({ ...facts, unreadable: undefined, ...nothing, nowMs: Date.now() })
    return { name, isMatch: false, ...why, isPaused: false }
  }
  const [{ isPaused }, workers, watermarkMs] = await Promise.all([
    limits.read(name),
    queue.workers(name),
    readWatermarkMs(storage, name),
  ])
  // The current version; for an object that is gone, the newest version that has a run.
  const current = object ? [object.generation] : generations
  const ids = current.map((generation) => runIdOf(name, bucket, key, generation))
  const run = ids.map((id) => runs.find(({ runId }) => runId === id)).find((found) => found !== undefined)
  // For an object that is gone and forgotten, the buckets may have the only record.
  const isCurrent = (about: { readonly run: string } | undefined) =>
    about !== undefined && (!object || ids.includes(about.run))
  const why = whyOf({
    definition,
    mismatch,
    object,
    trouble: facts.trouble,
    wasThere: facts.wasThere,
    eventName: facts.eventName,
    run,
    unreadable: unreadableOf(ids, facts.unreadable),
    result: isCurrent(recorded.result) ? recorded.result : undefined,
    verdict: isCurrent(recorded.verdict) ? recorded.verdict : undefined,
    isVacant: recorded.result === undefined,
    isPaused,
    workers,
    watermarkMs,
    nowMs: Date.now(),
    graceMs,
    resultsKeptMs,
  })
  return {
    name,
    // A request has asked for it where there is a run, or its end.
    isMatch:
      !facts.trouble && (mismatch === undefined || (mismatch === 'not-asked' && why.reason !== mismatch)),
    ...why,
    isPaused,
    ...(run && { run: toRun(run) }),
    ...(run?.state === 'retrying' && run.dueAtMs !== undefined && { nextAttemptAt: toTime(run.dueAtMs) }),
    ...(recorded.result && { result: resultOf(recorded, recorded.result, facts) }),
    ...(recorded.verdict && { verdict: verdictOf(recorded, recorded.verdict) }),
  }
}

function unreadableOf(ids: readonly string[], reasons: ObjectFacts['unreadable']): string | undefined {
  const runId = ids.find((id) => reasons.has(id))
  return runId === undefined ? undefined : unreadableTold(runId, reasons.get(runId) ?? '')
}

function resultOf(
  { place }: RecordedOutcome,
  result: Manifest,
  { definition, object }: ObjectFacts,
): NonNullable<FunctionOfObject['result']> {
  return {
    manifestBucket: place.bucket,
    manifestKey: place.manifestKey,
    run: result.run,
    epoch: result.epoch,
    functionVersion: result.functionVersion,
    generation: result.source.generation,
    isOfLatest: result.source.generation === object?.generation,
    isOutdated: result.functionVersion !== definition.version,
    files: result.files.length,
    bytes: result.files.reduce((sum, { bytes }) => sum + bytes, 0),
    finishedAt: result.finishedAt,
    warnings: result.warnings,
    outputs: outputsOf(result, { bucket: place.bucket, key: place.manifestKey }),
  }
}

function verdictOf(
  { place }: RecordedOutcome,
  verdict: NonNullable<RecordedOutcome['verdict']>,
): NonNullable<FunctionOfObject['verdict']> {
  const { state, reason, run, source, at } = verdict
  return {
    bucket: place.verdictBucket,
    key: place.verdictKey,
    state,
    reason,
    run,
    generation: source.generation,
    at,
  }
}
