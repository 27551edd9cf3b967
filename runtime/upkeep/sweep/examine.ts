/**
 * Looks at latest versions and says what is to be done about each function that is for them. Redis is asked once for all;
 * the buckets about what it does not know, and about each success whose result may be of another version.
 * @module
 */
import type { FunctionDefinition } from '../../function/definition.ts'
import type { Router } from '../../function/routing.ts'
import { objectIdOf, runIdOf } from '../../queue/keys.ts'
import type { History } from '../../queue/history.ts'
import type { Queue } from '../../queue/queue.ts'
import type { RunPayload } from '../../queue/run.ts'
import { generationOf, versionOf } from '../../storage/object-version.ts'
import type { ListedObject, Storage } from '../../storage/storage.ts'
import type { Decision, LeftAlone } from './decide.ts'
import { judge } from './judge.ts'
import { isLasting } from './lasting.ts'
import { lostDeletes, type FollowedDeletes, type LostDelete } from './lost-deletes.ts'
import type { ListedKey } from './listing.ts'

export interface ExamineParts {
  readonly storage: Storage
  readonly queue: Queue
  readonly history: History
  readonly router: Router
  readonly graceMs: number
  /** How long results are kept; undefined: for ever. */
  readonly resultsKeptMs?: number | undefined
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
  /** As `decide.ts` has them. */
  readonly decidedBeforeMs?: number | undefined
  readonly isRemovalAnnounced?: boolean
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
      return { candidate, decision: await judge(parts, candidate, states[index]?.state, scope) }
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
