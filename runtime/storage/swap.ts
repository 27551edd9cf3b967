/** Changing an object that others change too: read it, write it on the condition that it is still the same, and start over when it is not. @module */
import { isStorageCode } from './errors.ts'
import type { Storage } from './storage.ts'

const MAX_ROUNDS = 50

/**
 * Repeats `round` until it returns a value; undefined means that another writer was faster.
 *
 * @param subject - such as `the verdict "a" in bucket "b"`, for the error after 50 rounds
 */
export async function inRounds<T>(subject: string, round: () => Promise<T | undefined>): Promise<T> {
  for (let count = 1; count <= MAX_ROUNDS; count++) {
    const done = await round()
    if (done !== undefined) return done
  }
  throw new Error(`${subject}: changed by others ${MAX_ROUNDS} times in a row`)
}

/**
 * Writes an object that must still be the one that was read; false when it is not.
 *
 * @param etag - of the object that was read; undefined when there was none
 */
export async function putIfUnchanged(
  storage: Storage,
  place: { readonly bucket: string; readonly key: string },
  etag: string | undefined,
  content: {
    readonly bytes: Buffer
    readonly contentType: string
    readonly signal?: AbortSignal | undefined
  },
): Promise<boolean> {
  const { bytes, ...options } = content
  const condition = etag === undefined ? { ifNoneMatch: '*' as const } : { ifMatch: etag }
  try {
    await storage.put(place.bucket, place.key, { bytes }, { ...options, ...condition })
    return true
  } catch (error) {
    // It was changed, or removed.
    if (isStorageCode(error, 'PreconditionFailed', 'NoSuchKey')) return false
    throw error
  }
}
