/**
 * Decides, for latest versions, what to do for each function that matches them. Redis is asked once for all of them; the buckets
 * only about those that Redis does not know, and about each success whose result may be of another version.
 * @module
 */
import { isRefusedByRedis } from '../../queue/redis.ts'
import { decide, type Decision, type Records } from './decide.ts'
import type { LeftAlone } from '../../queue/sweeps.ts'
import {
  type Candidate,
  candidatesOf,
  needsMetadata,
  requestedCandidatesOf,
  type ExamineParts,
  type ListedKey,
  type Scope,
} from './candidates.ts'
import { type FollowedDeletes, type LostDelete, lostDeletes } from './lost-deletes.ts'
import { CREATED_EVENTS } from '../../storage/object-version.ts'
import { placeOf } from '../../output/layout.ts'
import { readRecordedOutcome, readResult } from '../../output/recorded-outcome.ts'
import { readVacancy } from '../../output/vacancy.ts'
import type { RunState } from '../../queue/run.ts'
import { compareWithLatest } from '../../storage/latest.ts'
import { StorageError } from '../../storage/errors.ts'

export interface Findings {
  readonly decided: readonly { readonly candidate: Candidate; readonly decision: Decision }[]
  readonly lostDeletes: readonly LostDelete[]
  readonly reported: readonly LeftAlone[]
  readonly unreadable: readonly Unreadable[]
}

/** Calls to the store in progress at a time. */
const AT_ONCE = 16

export async function examine(
  parts: ExamineParts,
  keys: readonly ListedKey[],
  scope: Scope,
): Promise<Findings> {
  const unread = keys.filter(({ latest }) => latest.lastModifiedMs >= scope.sinceMs)
  const unreadable: Unreadable[] = []
  const recent = await mapSome(unread, async (key) => {
    try {
      return await withMetadata(parts, scope.bucket, key)
    } catch (error) {
      if (!isPermanent(error)) throw error
      unreadable.push({ object: `${scope.bucket}/${key.latest.key}`, error })
      return { ...key, latest: { ...key.latest, metadata: {} } }
    }
  })
  const meant = await withStates(
    parts,
    recent.flatMap((key) => candidatesOf(parts.router, scope.bucket, key)),
  )
  const requested = scope.isThorough
    ? await withStates(
        parts,
        recent.flatMap((key) => requestedCandidatesOf(parts.router, scope.bucket, key)),
      )
    : []
  const resumable = requested.filter(({ state }) => state === 'superseded' || state === 'source-gone')
  const decided = await mapSome([...meant, ...resumable], async ({ candidate, state }) => {
    try {
      return { candidate, decision: await judge(parts, candidate, state, scope) }
    } catch (error) {
      if (!isPermanent(error)) throw error
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
      if (!isPermanent(error)) throw error
      unreadable.push({ object: `${scope.bucket}/${marker.key}`, error })
      return { followed: [], reported: [{ reason: 'unreadable', bucket: scope.bucket, key: marker.key }] }
    }
  })
  const ofDecisions = decided.flatMap(({ candidate: { run }, decision }) => {
    if (decision.kind !== 'report' && decision.kind !== 'removed') return []
    const { functionName, payload } = run
    const reason = decision.kind === 'report' ? decision.reason : decision.kind
    return [{ reason, functionName, bucket: payload.bucket, key: payload.key }]
  })
  const ofDeletes = found.flatMap(({ reported }) => reported)
  return {
    decided,
    lostDeletes: found.flatMap(({ followed }) => followed),
    reported: [...ofDecisions, ...ofDeletes],
    unreadable,
  }
}

async function withStates(
  { history }: ExamineParts,
  found: readonly Omit<Candidate, 'seenEpoch'>[],
): Promise<readonly { readonly candidate: Candidate; readonly state: RunState | undefined }[]> {
  const states = await history.states(found.map(({ run }) => run.runId))
  return found.map((each, index) => ({
    candidate: { ...each, seenEpoch: states[index]?.epoch ?? 'none' },
    state: states[index]?.state,
  }))
}

/** The key with the metadata of its latest version, where it depends on them which functions run. */
async function withMetadata(
  { router, storage }: ExamineParts,
  bucket: string,
  listed: ListedKey,
): Promise<ListedKey> {
  if (!needsMetadata(router, bucket, listed)) return listed
  const { key, versionId } = listed.latest
  const head = await storage.head(bucket, key, { versionId })
  // Gone by now: it asks for nothing.
  return { ...listed, latest: { ...listed.latest, metadata: head?.metadata ?? {} } }
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

/** `state` is of the candidate's run, as Redis knows it. */
async function judge(
  parts: ExamineParts,
  candidate: Candidate,
  state: RunState | undefined,
  scope: Scope,
): Promise<Decision> {
  const { definition, hasOlder } = candidate
  const { runId, payload } = candidate.run
  const facts = {
    state,
    runId,
    lastModifiedMs: payload.lastModifiedMs,
    nowMs: scope.nowMs,
    graceMs: parts.graceMs,
    watermarkMs: scope.watermarksMs.get(definition.name),
    isThorough: scope.isThorough || hasOlder,
    isExact: scope.isExact,
    isEventKnown: false,
    removesSource: definition.afterSuccess === 'remove' && payload.versionId !== undefined,
    keptMs: parts.resultsKeptMs,
    decidedBeforeMs: scope.decidedBeforeMs,
    isRemovalAnnounced: scope.isRemovalAnnounced ?? false,
  }
  const first = decide(facts)
  if (first.kind !== 'ask-store') return confirmed(parts, candidate, first)
  const isKnown = state !== undefined
  const [records, event] = await Promise.all([
    readRecords(parts, candidate, isKnown),
    isKnown ? 'unknown' : readEvent(parts, candidate),
  ])
  if (event === 'unfit') return { kind: 'leave' }
  const known = { ...facts, records, isEventKnown: event === 'fit' }
  const second = decide(known)
  if (second.kind !== 'ask-place') return confirmed(parts, candidate, second)
  const place = placeOf(definition, payload)
  const vacancy = (await readVacancy(parts.storage, place, runId)) ?? 'occupied'
  return confirmed(parts, candidate, decide({ ...known, records: { ...records, vacancy } }))
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

/** For a success only the result counts, while there is one. */
async function readRecords(
  { storage }: ExamineParts,
  { definition, run }: Candidate,
  isSuccess: boolean,
): Promise<Records> {
  const only = isSuccess ? await readResult(storage, definition, run.payload) : undefined
  const { result, verdict } = only
    ? { result: only, verdict: undefined }
    : await readRecordedOutcome(storage, definition, run.payload)
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
  const announced = (await history.announcements(objectId)).findLast(
    ({ kind, path, generation }) =>
      kind === 'created' && path !== 'sweep' && generation === payload.generation,
  )
  if (!announced) return 'unknown'
  return events.some((name) => name === announced.eventName) ? 'fit' : 'unfit'
}

/** An object that the store does not return, now or later. */
export interface Unreadable {
  readonly object: string
  readonly functionName?: string
  readonly error: Error
}

/**
 * Whether `error` is the answer of the store or of Redis to this very request, or a bug of ours: then asking again does not help. An
 * error of a server that is away is neither.
 */
export function isPermanent(error: unknown): error is Error {
  if (error instanceof StorageError)
    return error.code !== 'ABORT_ERR' && (error.trouble === undefined || error.trouble === 'refused')
  if (error instanceof Error && isRefusedByRedis(error)) return true
  // Redis's client throws none of these.
  return [TypeError, RangeError, SyntaxError, URIError].some((kind) => error instanceof kind)
}
