/** The objects of a reprocess request, which names their keys or a prefix that the store lists. @module */
import { batchesOf } from '../../amounts.ts'
import type { FunctionDefinition } from '../../function/definition.ts'
import { makeOf } from '../../function/make.ts'
import { latestVersion } from '../../storage/latest.ts'
import { generationOf, versionOf, type ObjectVersion } from '../../storage/object-version.ts'
import type { ListedObject, Storage } from '../../storage/storage.ts'
import { RefusedError } from '../http/problem.ts'
import type { ReprocessRequest } from './model.ts'

export interface RequestedObject extends ObjectVersion {
  /** The functions that its metadata ask for. */
  readonly make: readonly string[]
}

export interface RequestedObjectsParts {
  readonly storage: Storage
  /** Functions that run only when asked: metadata are read where one of them reads the bucket. */
  readonly functions: readonly Pick<FunctionDefinition, 'bucket' | 'trigger'>[]
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
  { storage, functions, maxObjects = MAX_OBJECTS }: RequestedObjectsParts,
  request: ReprocessRequest,
  passOver: (reason: string) => void,
): AsyncGenerator<readonly RequestedObject[]> {
  const { bucket, keys, prefix = '' } = request
  const after = request.uploadedAfter === undefined ? -Infinity : Date.parse(request.uploadedAfter)
  const before = request.uploadedBefore === undefined ? Infinity : Date.parse(request.uploadedBefore)
  const found = keys
    ? namedObjects(storage, bucket, keys, passOver)
    : listedObjects(storage, bucket, { prefix, maxObjects, metadata: needsMetadata(functions, request) })
  for await (const group of found)
    yield group.filter(({ lastModifiedMs }) => lastModifiedMs >= after && lastModifiedMs < before)
}

/** A named function is asked for by its name. */
function needsMetadata(
  functions: RequestedObjectsParts['functions'],
  { bucket, function: name }: ReprocessRequest,
): boolean {
  return name === undefined && functions.some((each) => each.bucket === bucket && each.trigger === 'asked')
}

/** Of an object whose metadata the listing does not have. */
async function metadataOf(storage: Storage, bucket: string, { key, versionId }: ListedObject) {
  return (await storage.head(bucket, key, { versionId }))?.metadata ?? {}
}

async function* namedObjects(
  storage: Storage,
  bucket: string,
  keys: readonly string[],
  passOver: (reason: string) => void,
): AsyncGenerator<readonly RequestedObject[]> {
  for (const group of batchesOf([...new Set(keys)], AT_ONCE)) {
    const found = await Promise.all(group.map((key) => latestVersion(storage, bucket, key)))
    const objects = found.filter((object) => object !== undefined)
    for (let missing = objects.length; missing < found.length; missing++) passOver('not-found')
    yield objects.map((object) => ({ ...object, make: makeOf(object.metadata) }))
  }
}

async function* listedObjects(
  storage: Storage,
  bucket: string,
  {
    prefix,
    maxObjects,
    metadata,
  }: { readonly prefix: string; readonly maxObjects: number; readonly metadata: boolean },
): AsyncGenerator<readonly RequestedObject[]> {
  let examined = 0
  let group: RequestedObject[] = []
  for await (const listed of storage.list(bucket, { prefix, versions: true, metadata })) {
    if (++examined > maxObjects) {
      const count = maxObjects.toLocaleString('en')
      throw new RefusedError(
        'impossible',
        `prefix: there are more than ${count} objects (with older versions) under ${bucket}/${prefix}: use a longer prefix`,
      )
    }
    if (listed.isLatest && !listed.isDeleteMarker)
      group.push({
        ...versionOf({ ...listed, bucket, generation: generationOf(listed) }),
        make: metadata ? makeOf(listed.metadata ?? (await metadataOf(storage, bucket, listed))) : [],
      })
    if (group.length < AT_ONCE && examined % LISTED_AT_ONCE !== 0) continue
    yield group
    group = []
  }
  yield group
}
