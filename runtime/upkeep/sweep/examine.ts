/**
 * Decides, for latest versions, what to do for each function that matches them. Redis is asked once for all of them; the buckets
 * only about those that Redis does not know, and about each success whose result may be of another version.
 * @module
 */
import type { Decision } from './decide.ts'
import type { LeftAlone } from '../../queue/sweeps.ts'
import { candidatesOf, type Candidate, type ExamineParts, type Scope } from './candidates.ts'
import { judge } from './judge.ts'
import { isPermanent, type Unreadable } from './unreadable.ts'
import { lostDeletes, type FollowedDeletes, type LostDelete } from './lost-deletes.ts'
import type { ListedKey } from './listing.ts'

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
  const recent = keys.filter(({ latest }) => latest.lastModifiedMs >= scope.sinceMs)
  const meant = recent.flatMap((key) => candidatesOf(parts.router, scope.bucket, key))
  const states = await parts.history.states(meant.map(({ run }) => run.runId))
  const candidates = meant.map((each, index) => ({ ...each, seenEpoch: states[index]?.epoch ?? 'none' }))
  const unreadable: Unreadable[] = []
  const decided = await mapSome(candidates, async (candidate, index) => {
    try {
      return { candidate, decision: await judge(parts, candidate, states[index]?.state, scope) }
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
