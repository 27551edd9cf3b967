/**
 * Removing the folder of an attempt, after a last look at everything that could still need it. What cannot be told is kept.
 * @module
 */
import { readCurrent } from '../output/current.ts'
import { attemptFolder, manifestKeyIn } from '../output/layout.ts'
import { versionsOf } from '../output/removal.ts'
import type { ListedObject, Storage } from '../storage/storage.ts'
import type { Ages, FoundFolder } from './folders.ts'

export interface RemovalParts {
  readonly storage: Storage
  readonly ages: Ages
  /** By Redis's clock. */
  readonly nowMs: number
  /** Whether a run goes on whose results would lie in this folder's place. */
  readonly isRunning: () => Promise<boolean>
}

/** So many go between two looks at the manifest, */
const BATCH = 64
/** and so many at a time. */
const AT_A_TIME = 8

/** How many files went, each with its versions; undefined when the folder stays. */
export async function removeFolder(parts: RemovalParts, found: FoundFolder): Promise<number | undefined> {
  const { storage, ages, nowMs } = parts
  if (await parts.isRunning()) return undefined
  const rows: ListedObject[] = []
  const prefix = attemptFolder(found, found.attempt)
  for await (const row of storage.list(found.bucket, { prefix, versions: true })) {
    if (nowMs - row.lastModifiedMs <= ages.folderMs) return undefined
    rows.push(row)
  }
  for (let at = 0; at < rows.length; at += BATCH) {
    if (!(await isNeedless(parts, found))) return undefined
    await removeAll(storage, found.bucket, rows.slice(at, at + BATCH))
  }
  return new Set(rows.map(({ key }) => key)).size
}

/**
 * Whether the manifest that stands, if there is one, is old and another attempt's. Its versions are asked first, so that one
 * written between the two looks is found by the second.
 */
async function isNeedless({ storage, ages, nowMs }: RemovalParts, found: FoundFolder): Promise<boolean> {
  const { bucket, attempt } = found
  const manifestKey = manifestKeyIn(found.folder)
  const [newest] = await versionsOf(storage, bucket, manifestKey)
  if (newest && nowMs - newest.lastModifiedMs <= ages.folderMs) return false
  const current = await readCurrent(storage, { bucket, manifestKey })
  if (!current) return newest === undefined || newest.isDeleteMarker
  if (current.identity === 'foreign' || current.identity.attempt === attempt) return false
  return current.etag === newest?.etag
}

async function removeAll(storage: Storage, bucket: string, rows: readonly ListedObject[]): Promise<void> {
  for (let at = 0; at < rows.length; at += AT_A_TIME) {
    const removals = rows
      .slice(at, at + AT_A_TIME)
      .map(({ key, versionId }) => storage.remove(bucket, key, { ...(versionId && { versionId }) }))
    await Promise.all(removals)
  }
}
