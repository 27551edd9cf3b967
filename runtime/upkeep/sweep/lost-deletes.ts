/** Finds results whose source was deleted without an event, of functions that remove results with their source. @module */
import type { Router } from '../../function/routing.ts'
import { placeOf } from '../../output/layout.ts'
import { areVersioned, versionsOf } from '../../output/removal.ts'
import { readResult } from '../../output/recorded-outcome.ts'
import { resultsDebt } from '../../queue/debts.ts'
import { objectIdOf } from '../../queue/keys.ts'
import type { Queue } from '../../queue/queue.ts'
import type { ListedObject, Storage } from '../../storage/storage.ts'
import type { LeftAlone } from '../../queue/sweeps.ts'

export interface LostDelete {
  readonly functionName: string
  readonly bucket: string
  readonly key: string
  /** The debt (`queue/debts.ts`); its payer asks the store again. */
  readonly debt: string
}

export interface LostDeleteParts {
  readonly storage: Storage
  readonly queue: Queue
  readonly router: Router
  readonly graceMs: number
}

export interface FollowedDeletes {
  readonly followed: readonly LostDelete[]
  readonly reported: readonly LeftAlone[]
}

interface DeleteScope {
  readonly bucket: string
  readonly nowMs: number
  /**
   * Results follow deletes that are not older: an earlier pass has kept older ones, since the function kept results then.
   * None when it is undefined.
   */
  readonly deletesSinceMs?: number | undefined
}

const NONE: FollowedDeletes = { followed: [], reported: [] }

export async function lostDeletes(
  { storage, queue, router, graceMs }: LostDeleteParts,
  marker: ListedObject,
  { bucket, nowMs, deletesSinceMs = Infinity }: DeleteScope,
): Promise<FollowedDeletes> {
  const { key, versionId = '', lastModifiedMs } = marker
  if (nowMs - lastModifiedMs < graceMs) return NONE
  const readers = router({ bucket, key, sizeBytes: NaN, make: undefined }).filter(
    ({ definition }) => definition.bucket === bucket,
  )
  // Results do not follow a source that the runtime itself may have removed.
  if (readers.some(({ definition, mismatch }) => !mismatch && definition.afterSuccess === 'remove'))
    return NONE
  const found: LostDelete[] = []
  for (const { definition } of readers) {
    if (definition.onDelete !== 'remove') continue
    const result = await readResult(storage, definition, { bucket, key })
    // A result without versions is never removed: a newer one could be hit.
    const { bucket: results, manifestKey } = placeOf(definition, { bucket, key })
    if (!result || !areVersioned(await versionsOf(storage, results, manifestKey))) continue
    if (await queue.isConsumed(objectIdOf(bucket, key), result.source.generation)) continue
    const of = { functionName: definition.name, bucket, key }
    found.push({ ...of, debt: resultsDebt(of, versionId) })
  }
  return lastModifiedMs >= deletesSinceMs
    ? { followed: found, reported: [] }
    : {
        followed: [],
        reported: found.map(({ functionName }) => ({ reason: 'deleted-before', functionName, bucket, key })),
      }
}
