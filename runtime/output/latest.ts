/** Whether a version of an object is the latest: asked of the store, because events and times prove nothing. @module */
import type { Storage } from '../storage/storage.ts'
import type { Identity } from './manifest.ts'

/** False also when the object is gone. */
export async function isLatestVersion(
  storage: Storage,
  source: Identity['source'],
  signal?: AbortSignal,
): Promise<boolean> {
  const { bucket, key } = source
  const latest = await storage.head(bucket, key, { ...(signal && { signal }) })
  if (!latest || latest.etag !== source.etag) return false
  if (source.versionId !== undefined) return latest.versionId === source.versionId
  // Without versions only the time tells one upload of the same bytes from the next, and HEAD has whole seconds.
  for await (const object of storage.list(bucket, { prefix: key, pageSize: 1, ...(signal && { signal }) })) {
    return (
      object.key === key &&
      object.etag === source.etag &&
      object.lastModifiedMs === Date.parse(source.lastModified)
    )
  }
  return false
}
