/** Every manifest that was ever committed for an object: two of them show that a run was done twice. @module */
import { resultPlace } from '../../runtime/output/layout.ts'
import type { Storage } from '../../runtime/storage/storage.ts'

/** The ids of the versions, newest first. */
export async function manifestVersions(
  storage: Storage,
  functionName: string,
  sourceKey: string,
): Promise<string[]> {
  const { bucket, manifestKey } = resultPlace({
    sourceBucket: 'incoming',
    sourceKey,
    functionName,
    outputBucket: 'processed',
  })
  const found: string[] = []
  for await (const each of storage.list(bucket, { prefix: manifestKey, versions: true })) {
    if (each.key === manifestKey && each.versionId !== undefined) found.push(each.versionId)
  }
  return found
}
