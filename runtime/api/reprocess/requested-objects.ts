/** The objects of a reprocess request, which names their keys or a prefix that the store lists. @module */
import { batchesOf } from '../../amounts.ts'
import { latestVersion } from '../../storage/latest.ts'
import { generationOf, versionOf, type ObjectVersion } from '../../storage/object-version.ts'
import type { Storage } from '../../storage/storage.ts'
import { RefusedError } from '../http/problem.ts'
import type { ReprocessRequest } from './model.ts'

export interface RequestedObjectsParts {
  readonly storage: Storage
  /** @defaultValue 1,000,000 */
  readonly maxObjects?: number
}

/** Objects examined in one step: a few requests to the store at a time, and one read of Redis. */
const AT_ONCE = 16
/** Entries of a listing in one step, older versions included: one page of MinIO's. */
const LISTED_AT_ONCE = 1_000
/** Objects and older versions under a prefix: listing this many takes minutes, in the process that also takes in uploads. */
const MAX_OBJECTS = 1_000_000

/** Yields them in groups, which may be empty, so that one step examines few objects however few of them match. */
export async function* requestedObjects(
  { storage, maxObjects = MAX_OBJECTS }: RequestedObjectsParts,
  request: ReprocessRequest,
  passOver: (reason: string) => void,
): AsyncGenerator<readonly ObjectVersion[]> {
  const { bucket, keys, prefix = '' } = request
  const after = request.uploadedAfter === undefined ? -Infinity : Date.parse(request.uploadedAfter)
  const before = request.uploadedBefore === undefined ? Infinity : Date.parse(request.uploadedBefore)
  const found = keys
    ? namedObjects(storage, bucket, keys, passOver)
    : listedObjects(storage, bucket, prefix, maxObjects)
  for await (const group of found)
    yield group.filter(({ lastModifiedMs }) => lastModifiedMs >= after && lastModifiedMs < before)
}

async function* namedObjects(
  storage: Storage,
  bucket: string,
  keys: readonly string[],
  passOver: (reason: string) => void,
): AsyncGenerator<readonly ObjectVersion[]> {
  for (const group of batchesOf([...new Set(keys)], AT_ONCE)) {
    const found = await Promise.all(group.map((key) => latestVersion(storage, bucket, key)))
    const objects = found.filter((object) => object !== undefined)
    for (let missing = objects.length; missing < found.length; missing++) passOver('not-found')
    yield objects
  }
}

async function* listedObjects(
  storage: Storage,
  bucket: string,
  prefix: string,
  maxObjects: number,
): AsyncGenerator<readonly ObjectVersion[]> {
  let examined = 0
  let group: ObjectVersion[] = []
  for await (const listed of storage.list(bucket, { prefix, versions: true })) {
    if (++examined > maxObjects) {
      const count = maxObjects.toLocaleString('en')
      throw new RefusedError(
        'impossible',
        `prefix: there are more than ${count} objects (with older versions) under ${bucket}/${prefix}: use a longer prefix`,
      )
    }
    if (listed.isLatest && !listed.isDeleteMarker)
      group.push(versionOf({ ...listed, bucket, generation: generationOf(listed) }))
    if (group.length < AT_ONCE && examined % LISTED_AT_ONCE !== 0) continue
    yield group
    group = []
  }
  yield group
}
