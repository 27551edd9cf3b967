/** The latest version of an object, asked of the store, because events and times prove nothing. @module */
import { generationOf, versionOf, type ObjectVersion } from './object-version.ts'
import type { ObjectHead, ObjectWithBytes, Storage } from './storage.ts'

export interface NamedVersion {
  readonly bucket: string
  readonly key: string
  /** Absent on buckets without versioning. */
  readonly versionId?: string | undefined
  readonly etag: string
  /** To the millisecond, as events and listings have it. */
  readonly lastModifiedMs: number
}

export type Comparison =
  /** It is the latest, and this is what a HEAD says of it, with its bytes where they were asked for and few enough. */
  | { readonly kind: 'same'; readonly head: ObjectWithBytes }
  | { readonly kind: 'another' }
  | { readonly kind: 'gone' }

/** @param maxBytes - so many bytes of it may come along; without, none are asked for */
export async function compareWithLatest(
  storage: Storage,
  version: NamedVersion,
  signal?: AbortSignal,
  maxBytes?: number,
): Promise<Comparison> {
  const { bucket, key } = version
  const head: ObjectWithBytes | undefined =
    maxBytes === undefined
      ? await storage.head(bucket, key, { signal })
      : await storage.headWithBytes(bucket, key, { signal, maxBytes })
  if (!head) return { kind: 'gone' }
  const isSame =
    version.versionId === undefined && head.versionId === undefined
      ? await isSameUpload(storage, version, head, signal)
      : version.versionId === head.versionId
  return isSame ? { kind: 'same', head } : { kind: 'another' }
}

/**
 * Without versions only the time tells one upload of the same bytes from the next. A HEAD knows whole seconds, so a
 * listing is asked; where that does not show the key (`list.ts` says when), the second has to do.
 */
async function isSameUpload(
  storage: Storage,
  version: NamedVersion,
  head: ObjectHead,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  if (head.etag !== version.etag) return false
  // A page of one: the key is the first of its prefix, or not there; and MinIO answers this one from the object itself.
  const options = { prefix: version.key, pageSize: 1, signal }
  for await (const listed of storage.list(version.bucket, options)) {
    if (listed.key !== version.key) break
    return listed.etag === version.etag && listed.lastModifiedMs === version.lastModifiedMs
  }
  return Math.floor(head.lastModifiedMs / 1_000) === Math.floor(version.lastModifiedMs / 1_000)
}

export interface LatestVersion extends ObjectVersion {
  readonly contentType?: string
  readonly metadata: ObjectHead['metadata']
}

/** The latest version, named as events and listings name it, so that a request computes the same run id. Undefined when there is none. */
export async function latestVersion(
  storage: Storage,
  bucket: string,
  key: string,
): Promise<LatestVersion | undefined> {
  const head = await storage.head(bucket, key)
  if (!head) return undefined
  const { versionId, etag, sizeBytes, contentType, metadata } = head
  // HEAD has whole seconds; a page of one with the whole key as its prefix shows every key (list.ts).
  let lastModifiedMs = head.lastModifiedMs
  for await (const listed of storage.list(bucket, { prefix: key, pageSize: 1 })) {
    if (listed.key === key && listed.etag === etag) lastModifiedMs = listed.lastModifiedMs
    break
  }
  const generation = generationOf({ versionId, etag, lastModifiedMs })
  return {
    ...versionOf({ bucket, key, generation, versionId, etag, sizeBytes, lastModifiedMs }),
    ...(contentType !== undefined && { contentType }),
    metadata,
  }
}
