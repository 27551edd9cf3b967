/** Counts the functions an object has come through, to stop functions that feed each other for ever. @module */
import { PermanentError } from '../../errors.ts'
import type { FunctionDefinition } from '../../function/definition.ts'
import { parseManifest } from '../../output/manifest.ts'
import type { Storage } from '../../storage/storage.ts'
import type { SourceObject } from '../../function/source.ts'

const MAX_HOPS = 16

/**
 * 0 for an upload; for a result of another function, one more than in its manifest.
 *
 * @throws {PermanentError} when there were too many
 */
export async function hopsOf(
  storage: Storage,
  functions: readonly FunctionDefinition[],
  source: SourceObject,
  signal: AbortSignal,
): Promise<number> {
  const isResult = functions.some(({ outputBucket }) => outputBucket === source.bucket)
  if (!isResult) return 0
  // Results lie beside their manifest: pointers, and the manifest itself.
  const manifestKey = source.key.replace(/[^/]*$/, 'manifest.json')
  const found = await storage.readText(source.bucket, manifestKey, { signal })
  const hops = (found ? (parseManifest(found.text)?.hops ?? 0) : 0) + 1
  if (hops > MAX_HOPS)
    throw new PermanentError(`the source came through ${hops} functions: they feed each other in a loop`)
  return hops
}
