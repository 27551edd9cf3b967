/** The folder of one attempt's files, and when it may be deleted. @module */
import type { Storage } from '../storage/storage.ts'
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
      const ends = { ...(signal && { signal }) }
      let batch: Promise<void>[] = []
      // All versions, or the bytes would remain behind a delete marker until the lifecycle removes them.
      const objects = storage.list(place.bucket, {
        prefix: attemptFolder(place, attempt),
        versions: true,
        ...ends,
      })
      for await (const { key, versionId } of objects) {
        batch.push(storage.remove(place.bucket, key, { ...(versionId && { versionId }), ...ends }))
        if (batch.length < REMOVALS_AT_A_TIME) continue
        await Promise.all(batch)
        batch = []
      }
      await Promise.all(batch)
      return true
    },
  }
}
