/**
 * Removes results whose source was deleted. MinIO has no conditional delete, so everything is removed by its version: the result
 * of a newer run is another version, and stays. Without versions nothing is removed.
 * @module
 */
import type { ListedObject, Storage } from '../storage/storage.ts'
import { createAttemptFolder } from './attempt-folder.ts'
import { type Identity, parseIdentity, parseManifest, readCurrent } from './manifest.ts'
import { pointerKey, type ResultPlace } from './layout.ts'
import { writePointers } from './pointers.ts'

export interface RemovalRequest {
  readonly storage: Storage
  readonly place: ResultPlace
  readonly source: { readonly bucket: string; readonly key: string }
}

/** A result to remove, with the files its manifests name: to be remembered before they are removed. */
export interface Removal {
  /** Versions of the manifest, newest first. */
  readonly versions: readonly ListedObject[]
  readonly attempts: readonly string[]
  readonly pointers: readonly string[]
  /** The run of the current result, and the version of the source. */
  readonly run: string
  readonly generation: string
}

/** Undefined when there is no result of this source, the source exists, or the bucket keeps no versions. */
export async function planRemoval({ storage, place, source }: RemovalRequest): Promise<Removal | undefined> {
  const versions = await versionsOf(storage, place.bucket, place.manifestKey)
  if (versions.length === 0 || !areVersioned(versions)) return undefined
  // In this order: a manifest written after the listing belongs to an upload after the HEAD.
  if ((await storage.head(source.bucket, source.key)) !== undefined) return undefined
  const attempts = new Set<string>()
  const pointers = new Set<string>()
  let newest: Identity | undefined
  for (const { versionId, isLatest, isDeleteMarker } of versions) {
    if (isDeleteMarker) continue
    const found = await storage.readText(place.bucket, place.manifestKey, { versionId })
    const identity = found && parseIdentity(found.text)
    if (!identity || identity.source.bucket !== source.bucket || identity.source.key !== source.key) continue
    if (isLatest) newest = identity
    attempts.add(identity.attempt)
    for (const name of Object.keys(parseManifest(found.text)?.pointers ?? {})) pointers.add(name)
  }
  if (!newest) return undefined
  const { run, source: of } = newest
  return { versions, attempts: [...attempts], pointers: [...pointers], run, generation: of.generation }
}

/**
 * Removes files and pointers that no manifest names any more. May be repeated.
 *
 * @throws {Error} when a manifest that names one of the attempts is still there although the source is gone
 */
export async function removeFiles(
  { storage, place, source }: RemovalRequest,
  { attempts, pointers }: Pick<Removal, 'attempts' | 'pointers'>,
): Promise<void> {
  const current = await readCurrent(storage, place)
  const standing = current && current.identity !== 'foreign' ? current.identity.attempt : undefined
  if (standing !== undefined && attempts.includes(standing)) {
    // The source was uploaded again before the manifest was removed: the result stays.
    if ((await storage.head(source.bucket, source.key)) !== undefined) return
    throw new Error('the manifest of a result that is to be removed is still there')
  }
  for (const name of current ? [] : pointers) {
    const key = pointerKey(place, name)
    const versions = await versionsOf(storage, place.bucket, key)
    if (areVersioned(versions)) await removeVersions(storage, place.bucket, versions)
  }
  // Another result may have been committed meanwhile, with pointers of the same names.
  if (await readCurrent(storage, place)) await writePointers({ storage, place, names: pointers })
  for (const attempt of attempts) await createAttemptFolder(storage, place, attempt).discard()
}

/** All versions and delete markers of a key, newest first. */
export async function versionsOf(
  storage: Storage,
  bucket: string,
  key: string,
): Promise<readonly ListedObject[]> {
  const versions: ListedObject[] = []
  for await (const listed of storage.list(bucket, { prefix: key, versions: true })) {
    if (listed.key !== key) break
    versions.push(listed)
  }
  return versions
}

/** Only the first of {@link versionsOf}: a key that is written all the time has thousands. */
export async function newestVersionOf(
  storage: Storage,
  bucket: string,
  key: string,
): Promise<ListedObject | undefined> {
  for await (const listed of storage.list(bucket, { prefix: key, versions: true, pageSize: 1 }))
    return listed.key === key ? listed : undefined
  return undefined
}

/** Oldest first, so that no older version becomes current when the process ends in between. */
export async function removeVersions(
  storage: Storage,
  bucket: string,
  versions: readonly ListedObject[],
): Promise<void> {
  for (const { key, versionId } of versions.toReversed()) await storage.remove(bucket, key, { versionId })
}

/** Whether each can be removed by its id. */
export function areVersioned(versions: readonly ListedObject[]): boolean {
  return versions.every(({ versionId }) => versionId !== undefined)
}
