/**
 * Removes the folder of an attempt, after a last check of everything that could still need it. When in doubt it is kept.
 * @module
 */
import { batchesOf } from '../../amounts.ts'
import { readCurrent } from '../../output/current.ts'
import { attemptFolder, manifestKeyIn } from '../../output/layout.ts'
import { newestVersionOf } from '../../output/removal.ts'
import type { ListedObject, Storage } from '../../storage/storage.ts'
import type { Ages, FoundFolder } from './folders.ts'

export interface RemovalParts {
  readonly storage: Storage
  readonly ages: Ages
  /** By Redis's clock. */
  readonly nowMs: number
}

/** Files removed between two checks of the manifest, */
const BATCH = 64
/** and at a time. */
const AT_A_TIME = 8

/** How many files were removed, each with its versions; undefined when the folder is kept. Check first that no run of its place is in progress. */
export async function removeFolder(parts: RemovalParts, found: FoundFolder): Promise<number | undefined> {
  const { storage, ages, nowMs } = parts
  const rows: ListedObject[] = []
  const prefix = attemptFolder(found, found.attempt)
  for await (const row of storage.list(found.bucket, { prefix, versions: true })) {
    if (nowMs - row.lastModifiedMs <= ages.folderMs) return undefined
    rows.push(row)
  }
  let judged: Judged = {}
  for (const batch of batchesOf(rows, BATCH)) {
    const needless = await judge(parts, found, judged)
    if (!needless) return undefined
    judged = needless
    await removeAll(storage, found.bucket, batch)
  }
  return new Set(rows.map(({ key }) => key)).size
}

/** The newest version of a manifest that makes the folder needless; nothing when there is none of it, or it was removed. */
interface Judged {
  readonly version?: string
}

/**
 * The current manifest, if there is one, when it is old and another attempt's; undefined when it is neither. Its newest version is
 * read first, so that one written between the two reads is found by the second; a version judged before is not read again.
 */
async function judge(
  { storage, ages, nowMs }: RemovalParts,
  found: FoundFolder,
  before: Judged,
): Promise<Judged | undefined> {
  const { bucket, attempt } = found
  const manifestKey = manifestKeyIn(found.folder)
  const newest = await newestVersionOf(storage, bucket, manifestKey)
  if (newest && nowMs - newest.lastModifiedMs <= ages.folderMs) return undefined
  const version = newest && [newest.versionId, newest.etag, newest.lastModifiedMs].join(' ')
  if (version !== undefined && version === before.version) return before
  const current = await readCurrent(storage, { bucket, manifestKey })
  if (!current) return newest === undefined || newest.isDeleteMarker ? {} : undefined
  if (current.identity === 'foreign' || current.identity.attempt === attempt) return undefined
  return current.etag === newest?.etag ? { ...(version !== undefined && { version }) } : undefined
}

async function removeAll(storage: Storage, bucket: string, rows: readonly ListedObject[]): Promise<void> {
  for (const batch of batchesOf(rows, AT_A_TIME)) {
    const removals = batch.map(({ key, versionId }) =>
      storage.remove(bucket, key, { ...(versionId && { versionId }) }),
    )
    await Promise.all(removals)
  }
}
