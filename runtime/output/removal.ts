/**
 * Removing a result whose source was deleted. MinIO knows no conditional delete, so everything goes by its version: what a
 * newer run commits meanwhile is another version, and stays.
 * @module
 */
import type { ListedObject, Storage } from '../storage/storage.ts'
import { createAttemptFolder } from './attempt-folder.ts'
import { readCurrent } from './current.ts'
import { pointerKey, type ResultPlace } from './layout.ts'
import { parseIdentity, parseManifest } from './manifest.ts'
import { writePointers } from './pointers.ts'

export interface RemovalRequest {
  readonly storage: Storage
  readonly place: ResultPlace
  readonly source: { readonly bucket: string; readonly key: string }
}

/** What the versions of a manifest name. */
interface Named {
  readonly attempts: Set<string>
  readonly pointers: Set<string>
}

/** True when there was a result of this source, and the source is gone, so that its result is gone too. */
export async function removeResult({ storage, place, source }: RemovalRequest): Promise<boolean> {
  const versions = await versionsOf(storage, place.bucket, place.manifestKey)
  // In this order: a manifest that comes after this look is of an upload that comes after the next one.
  if ((await storage.head(source.bucket, source.key)) !== undefined) return false
  const named = await namesIn(storage, place, versions, source)
  if (!named) return false
  await removeVersions(storage, place.bucket, versions)
  const isReplaced = (await readCurrent(storage, place)) !== undefined
  if (isReplaced) await writePointers({ storage, place, names: named.pointers })
  else {
    for (const name of named.pointers) {
      const key = pointerKey(place, name)
      await removeVersions(storage, place.bucket, await versionsOf(storage, place.bucket, key))
    }
  }
  for (const attempt of named.attempts) await createAttemptFolder(storage, place, attempt).discard()
  return true
}

/** Undefined when there is no manifest, or the newest one is not of this source. */
async function namesIn(
  storage: Storage,
  place: ResultPlace,
  versions: readonly ListedObject[],
  source: RemovalRequest['source'],
): Promise<Named | undefined> {
  const named: Named = { attempts: new Set(), pointers: new Set() }
  let isOurs = false
  for (const { versionId, isLatest, isDeleteMarker } of versions) {
    if (isDeleteMarker) continue
    const found = await storage.readText(place.bucket, place.manifestKey, { ...(versionId && { versionId }) })
    const identity = found && parseIdentity(found.text)
    if (!identity || identity.source.bucket !== source.bucket || identity.source.key !== source.key) continue
    isOurs ||= isLatest
    named.attempts.add(identity.attempt)
    for (const name of Object.keys(parseManifest(found.text)?.pointers ?? {})) named.pointers.add(name)
  }
  return isOurs ? named : undefined
}

/** Newest first, delete markers among them. */
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

/** Oldest first, so that none of them comes to light when the process ends in between. */
export async function removeVersions(
  storage: Storage,
  bucket: string,
  versions: readonly ListedObject[],
): Promise<void> {
  for (const { key, versionId } of versions.toReversed())
    await storage.remove(bucket, key, { ...(versionId && { versionId }) })
}
