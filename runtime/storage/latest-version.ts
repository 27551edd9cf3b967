/** The latest version of a key, named as events and listings name it: so a request computes the same run id as they do. @module */
import { generationOf, versionOf, type ObjectVersion } from './object-version.ts'
import type { ObjectHead, Storage } from './storage.ts'

export interface LatestVersion extends ObjectVersion {
  readonly contentType?: string
  readonly metadata: ObjectHead['metadata']
}

/** Undefined when there is none: never uploaded, or deleted. */
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
