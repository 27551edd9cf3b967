/** The folder of one attempt's files, and when it may be deleted. @module */
import type { ListedObject, Storage } from '../storage/storage.ts'
import { attemptFolder, type ResultPlace } from './layout.ts'

export interface AttemptFolder {
  /** A manifest that names this folder has been sent: it must not be deleted until {@link release}. */
  hold(): void
  /** That manifest was refused for good. */
  release(): void
  /**
   * Deletes every file and version in it. False when it is held, and stays: a manifest that names it is current, or may
   * still arrive; the janitor checks it later.
   */
  discard(signal?: AbortSignal): Promise<boolean>
}

const REMOVALS_AT_A_TIME = 8

export function createAttemptFolder(storage: Storage, place: ResultPlace, attempt: string): AttemptFolder {
  let isHeld = false
  return {
    hold() {
      isHeld = true
    },
    release() {
      isHeld = false
    },
    async discard(signal) {
      if (isHeld) return false
      // All versions, or the bytes would remain behind a delete marker until the lifecycle removes them.
      const options = { prefix: attemptFolder(place, attempt), versions: true, signal }
      await removeAll(storage, place.bucket, storage.list(place.bucket, options), signal)
      return true
    },
  }
}

/** Removes these versions, a few at a time. */
export async function removeAll(
  storage: Storage,
  bucket: string,
  objects: Iterable<ListedObject> | AsyncIterable<ListedObject>,
  signal?: AbortSignal,
): Promise<void> {
  let batch: ListedObject[] = []
  const removeBatch = () =>
    Promise.all(batch.map(({ key, versionId }) => storage.remove(bucket, key, { versionId, signal })))
  for await (const object of objects) {
    batch.push(object)
    if (batch.length < REMOVALS_AT_A_TIME) continue
    await removeBatch()
    batch = []
  }
  await removeBatch()
}
