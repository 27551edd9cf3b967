/** Results whose source was deleted while nobody heard of it, of functions that remove them then. @module */
import type { Router } from '../intake/routing.ts'
import { readStanding } from '../operations/standing.ts'
import { resultsDebt } from '../queue/debts.ts'
import { objectIdOf } from '../queue/keys.ts'
import type { Queue } from '../queue/queue.ts'
import type { ListedObject, Storage } from '../storage/storage.ts'

export interface LostDelete {
  readonly functionName: string
  readonly bucket: string
  readonly key: string
  /** What is to be cleaned away (`queue/debts.ts`); who pays it asks the store again. */
  readonly debt: string
}

export interface LostDeleteParts {
  readonly storage: Storage
  readonly queue: Queue
  readonly router: Router
  readonly graceMs: number
}

export async function lostDeletes(
  { storage, queue, router, graceMs }: LostDeleteParts,
  marker: ListedObject,
  { bucket, nowMs }: { readonly bucket: string; readonly nowMs: number },
): Promise<readonly LostDelete[]> {
  const { key, versionId = '', lastModifiedMs } = marker
  if (nowMs - lastModifiedMs < graceMs) return []
  const readers = router({ bucket, key, sizeBytes: NaN }).filter(
    ({ definition }) => definition.bucket === bucket,
  )
  // A source that the runtime itself may have removed is none that results follow.
  if (readers.some(({ definition, mismatch }) => !mismatch && definition.afterSuccess === 'remove')) return []
  const found: LostDelete[] = []
  for (const { definition } of readers) {
    if (definition.onDelete !== 'remove') continue
    const { result } = await readStanding(storage, definition, { bucket, key })
    if (!result || (await queue.isConsumed(objectIdOf(bucket, key), result.source.generation))) continue
    const of = { functionName: definition.name, bucket, key }
    found.push({ ...of, debt: resultsDebt(of, versionId) })
  }
  return found
}
