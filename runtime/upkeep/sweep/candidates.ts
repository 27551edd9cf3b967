/**
 * The keys of a bucket as the sweep sees them, of each its latest version; and the functions that match them, each pair with the
 * run that its event would have made.
 * @module
 */
import type { FunctionDefinition } from '../../function/definition.ts'
import { makeOf } from '../../function/make.ts'
import type { Router } from '../../function/routing.ts'
import type { History } from '../../queue/history.ts'
import { objectIdOf, runIdOf } from '../../queue/keys.ts'
import type { Queue } from '../../queue/queue.ts'
import type { RunPayload } from '../../queue/run.ts'
import { generationOf, versionOf } from '../../storage/object-version.ts'
import type { ListedObject, Storage } from '../../storage/storage.ts'

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
  /** Older objects were checked before. */
  readonly sinceMs: number
  /** Results follow deletes that are not older; none when it is undefined. */
  readonly deletesSinceMs?: number | undefined
  /** The watermark of each function, by its name. */
  readonly watermarksMs: ReadonlyMap<string, number | undefined>
  /** Also compares successes with the results in the bucket. */
  readonly isThorough: boolean
  /** Also compares objects older than the watermark with the results in the bucket: for a request. */
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
  /** The epoch of the run when it was read, `none` when there was no run. */
  readonly seenEpoch: string
}

export function candidatesOf(
  router: Router,
  bucket: string,
  { latest, hasOlder }: ListedKey,
): readonly Omit<Candidate, 'seenEpoch'>[] {
  if (latest.isDeleteMarker) return []
  const { key, sizeBytes, metadata } = latest
  return router({ bucket, key, sizeBytes, make: metadata && makeOf(metadata) })
    .filter(({ mismatch }) => mismatch === undefined)
    .map(({ definition }) => ({ definition, hasOlder, run: runOf(definition.name, bucket, latest) }))
}

/**
 * For functions that the object itself does not ask for: a request may have. Only what became the latest again can have runs
 * that ended because of another version, so that objects without older ones cost nothing.
 */
export function requestedCandidatesOf(
  router: Router,
  bucket: string,
  { latest, hasOlder }: ListedKey,
): readonly Omit<Candidate, 'seenEpoch'>[] {
  if (latest.isDeleteMarker || !hasOlder) return []
  const { key, sizeBytes, metadata = {} } = latest
  return router({ bucket, key, sizeBytes, make: makeOf(metadata) })
    .filter(({ mismatch }) => mismatch === 'not-asked')
    .map(({ definition }) => ({ definition, hasOlder, run: runOf(definition.name, bucket, latest) }))
}

/** Whether it depends on the metadata of the object, which the listing does not have, which functions run. */
export function needsMetadata(router: Router, bucket: string, { latest }: ListedKey): boolean {
  const { key, sizeBytes, metadata, isDeleteMarker } = latest
  if (isDeleteMarker || metadata) return false
  return router({ bucket, key, sizeBytes, make: [] }).some(({ mismatch }) => mismatch === 'not-asked')
}

function runOf(functionName: string, bucket: string, listed: ListedObject): Candidate['run'] {
  const { key, lastModifiedMs } = listed
  const generation = generationOf(listed)
  return {
    functionName,
    runId: runIdOf(functionName, bucket, key, generation),
    objectId: objectIdOf(bucket, key),
    // As its event would have announced it, except for the request.
    payload: { ...versionOf({ ...listed, bucket, generation }), eventTimeMs: lastModifiedMs },
  }
}

export interface ListedKey {
  /** An object, or a delete marker. */
  readonly latest: ListedObject
  /** Whether there are older versions of it. */
  readonly hasOlder: boolean
}

/** The time that it takes to read one page of a listing is time that the intake waits, in the same process. */
const PAGE = 500

export interface KeysRequest {
  readonly prefix?: string | undefined
  /** Only keys behind this one. */
  readonly after?: string | undefined
  /** Also the metadata of the objects: for functions that run only when asked. */
  readonly metadata?: boolean | undefined
  /** @defaultValue 500 */
  readonly pageSize?: number | undefined
}

/** In the order of the keys, in batches that a pass can stop behind. Of a key the latest row comes first, whatever page the others are on. */
export async function* listKeys(
  storage: Pick<Storage, 'list'>,
  bucket: string,
  { prefix, after, metadata, pageSize = PAGE }: KeysRequest,
): AsyncGenerator<readonly ListedKey[]> {
  let batch: ListedKey[] = []
  let open: ListedKey | undefined
  const options = { prefix: prefix ?? '', after, versions: true, metadata, pageSize }
  for await (const row of storage.list(bucket, options)) {
    if (open && row.key === open.latest.key) {
      if (!row.isDeleteMarker && !open.hasOlder) open = { ...open, hasOlder: true }
      continue
    }
    if (open) batch.push(open)
    open = row.isLatest ? { latest: row, hasOlder: false } : undefined
    if (batch.length >= pageSize) {
      yield batch
      batch = []
    }
  }
  if (open) batch.push(open)
  if (batch.length > 0) yield batch
}
