/**
 * Looks at latest versions and says what is to be done about each function that is for them. Redis is asked once for all;
 * the buckets about what it does not know, and about each success whose result may be of another version.
 * @module
 */
import type { FunctionDefinition } from '../function.ts'
import { CREATED_EVENTS } from '../intake/event.ts'
import type { Router } from '../intake/routing.ts'
import { readResult, readStanding } from '../output/standing.ts'
import { objectIdOf, runIdOf } from '../queue/keys.ts'
import type { History } from '../queue/history.ts'
import type { Queue } from '../queue/queue.ts'
import type { RunPayload, RunState } from '../queue/run.ts'
import { compareWithLatest } from '../storage/latest.ts'
import { generationOf, versionOf } from '../storage/object-version.ts'
import type { ListedObject, Storage } from '../storage/storage.ts'
import { decide, type Decision, type LeftAlone, type Records } from './decide.ts'
import { isLasting } from './lasting.ts'
import { lostDeletes, type FollowedDeletes, type LostDelete } from './lost-deletes.ts'
import type { ListedKey } from './listing.ts'

export interface ExamineParts {
  readonly storage: Storage
  readonly queue: Queue
  readonly history: History
  readonly router: Router
  readonly graceMs: number
}

export interface Scope {
  readonly bucket: string
  /** Redis's clock. */
  readonly nowMs: number
  /** Older objects were looked at before. */
  readonly sinceMs: number
  /** Results follow deletes that are not older; none when it is undefined. */
  readonly deletesSinceMs?: number | undefined
  /** Of each function, by its name. */
  readonly watermarksMs: ReadonlyMap<string, number | undefined>
  /** Also successes are compared with the results that stand. */
  readonly isThorough: boolean
  /** Also what is older than the watermark is compared with what stands: somebody wants to know of it. */
  readonly isExact: boolean
}

export interface Candidate {
  readonly definition: FunctionDefinition
  readonly hasOlder: boolean
  /** As the queue takes it. */
  readonly run: {
    readonly runId: string
    readonly functionName: string
    readonly objectId: string
    readonly payload: RunPayload
  }
  /** Of the run as it was read, `none` when there was none. */
  readonly seenEpoch: string
}

/** What the store does not give, and would not later either. */
export interface Unreadable {
  readonly object: string
  readonly functionName?: string
  readonly error: Error
}

export interface Findings {
  readonly decided: readonly { readonly candidate: Candidate; readonly decision: Decision }[]
  readonly lostDeletes: readonly LostDelete[]
  readonly reported: readonly LeftAlone[]
  readonly unreadable: readonly Unreadable[]
}

/** Calls to the store that go on at a time. */
const AT_ONCE = 16

export async function examine(
  parts: ExamineParts,
  keys: readonly ListedKey[],
  scope: Scope,
): Promise<Findings> {
  const recent = keys.filter(({ latest }) => latest.lastModifiedMs >= scope.sinceMs)
  const meant = recent.flatMap((key) => candidatesOf(parts.router, scope.bucket, key))
  const states = await parts.history.states(meant.map(({ run }) => run.runId))
  const candidates = meant.map((each, index) => ({ ...each, seenEpoch: states[index]?.epoch ?? 'none' }))
  const unreadable: Unreadable[] = []
  const decided = await mapSome(candidates, async (candidate, index) => {
    try {
      return { candidate, decision: await decideOne(parts, candidate, states[index]?.state, scope) }
    } catch (error) {
      if (!isLasting(error)) throw error
      const { functionName, payload } = candidate.run
      unreadable.push({ object: `${payload.bucket}/${payload.key}`, functionName, error })
      return { candidate, decision: { kind: 'report', reason: 'unreadable' } as const }
    }
  })
  const markers = recent.flatMap(({ latest }) => (latest.isDeleteMarker ? [latest] : []))
  const found = await mapSome(markers, async (marker): Promise<FollowedDeletes> => {
    try {
      return await lostDeletes(parts, marker, scope)
    } catch (error) {
      if (!isLasting(error)) throw error
      unreadable.push({ object: `${scope.bucket}/${marker.key}`, error })
      return { followed: [], reported: [{ reason: 'unreadable', bucket: scope.bucket, key: marker.key }] }
    }
  })
  const ofDecisions = decided.flatMap(({ candidate: { run }, decision }) => {
    if (decision.kind !== 'report') return []
    const { functionName, payload } = run
    return [{ reason: decision.reason, functionName, bucket: payload.bucket, key: payload.key }]
  })
  const ofDeletes = found.flatMap(({ reported }) => reported)
  return {
    decided,
    lostDeletes: found.flatMap(({ followed }) => followed),
    reported: [...ofDecisions, ...ofDeletes],
    unreadable,
  }
}

function candidatesOf(
  router: Router,
  bucket: string,
  { latest, hasOlder }: ListedKey,
): readonly Omit<Candidate, 'seenEpoch'>[] {
  if (latest.isDeleteMarker) return []
  const { key, sizeBytes } = latest
  return router({ bucket, key, sizeBytes })
    .filter(({ mismatch }) => mismatch === undefined)
    .map(({ definition }) => ({ definition, hasOlder, run: runOf(definition.name, bucket, latest) }))
}

function runOf(functionName: string, bucket: string, listed: ListedObject): Candidate['run'] {
  const { key, lastModifiedMs } = listed
  const generation = generationOf(listed)
  return {
    functionName,
    runId: runIdOf(functionName, bucket, key, generation),
    objectId: objectIdOf(bucket, key),
    // What its event would have said, but for the request.
    payload: { ...versionOf({ ...listed, bucket, generation }), eventTimeMs: lastModifiedMs },
  }
}

async function decideOne(
  parts: ExamineParts,
  candidate: Candidate,
  state: RunState | undefined,
  { nowMs, watermarksMs, isThorough, isExact }: Scope,
): Promise<Decision> {
  const { definition, hasOlder } = candidate
  const { runId, payload } = candidate.run
  const facts = {
    state,
    runId,
    lastModifiedMs: payload.lastModifiedMs,
    nowMs,
    graceMs: parts.graceMs,
    watermarkMs: watermarksMs.get(definition.name),
    isThorough: isThorough || hasOlder,
    isExact,
    isEventKnown: false,
  }
  const first = decide(facts)
  if (first.kind !== 'ask-store') return confirmed(parts, candidate, first)
  // Of a success only the result counts.
  const isKnown = state !== undefined
  const [records, event] = await Promise.all([
    readRecords(parts, candidate, isKnown),
    isKnown ? 'unknown' : readEvent(parts, candidate),
  ])
  if (event === 'unfit') return { kind: 'leave' }
  const decision = decide({ ...facts, records, isEventKnown: event === 'fit' })
  return confirmed(parts, candidate, decision)
}

/** Listings are a moment old: what ended because of a newer version is asked for once more, after its end was read. */
async function confirmed(
  { storage }: ExamineParts,
  { run: { payload } }: Candidate,
  decision: Decision,
): Promise<Decision> {
  if (decision.kind !== 'heal' || decision.reason !== 'restored') return decision
  return (await compareWithLatest(storage, payload)).kind === 'same' ? decision : { kind: 'leave' }
}

async function readRecords(
  { storage }: ExamineParts,
  { definition, run }: Candidate,
  isResultAll: boolean,
): Promise<Records> {
  const { result, verdict } = isResultAll
    ? { result: await readResult(storage, definition, run.payload), verdict: undefined }
    : await readStanding(storage, definition, run.payload)
  return {
    ...(result && {
      result: { run: result.run, lastModifiedMs: Date.parse(result.source.lastModified) },
    }),
    ...(verdict && { verdict: { run: verdict.run, state: verdict.state } }),
  }
}

/** Whether the function is for the way in which the version came to be, as far as that is remembered. */
async function readEvent(
  { history }: ExamineParts,
  { definition, run: { objectId, payload } }: Candidate,
): Promise<'fit' | 'unfit' | 'unknown'> {
  const { events } = definition
  if (CREATED_EVENTS.every((name) => events.includes(name))) return 'fit'
  const told = (await history.announcements(objectId)).findLast(
    ({ kind, path, generation }) =>
      kind === 'created' && path !== 'sweep' && generation === payload.generation,
  )
  if (!told) return 'unknown'
  return events.some((name) => name === told.eventName) ? 'fit' : 'unfit'
}

async function mapSome<T, R>(
  items: readonly T[],
  map: (item: T, index: number) => Promise<R>,
): Promise<readonly R[]> {
  const results: R[] = []
  let next = 0
  const work = async () => {
    for (let index = next++; index < items.length; index = next++) {
      results[index] = await map(items[index] as T, index)
    }
  }
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, items.length) }, work))
  return results
}
