/** Whether a manifest's or verdict's source is the latest version of its key, asked of the store. @module */
import { compareWithLatest } from '../storage/latest.ts'
import type { Storage } from '../storage/storage.ts'
import type { Identity } from './manifest.ts'

/** False also when the object is gone. */
export async function isLatestVersion(
  storage: Storage,
  source: Identity['source'],
  signal?: AbortSignal,
): Promise<boolean> {
  const version = { ...source, lastModifiedMs: Date.parse(source.lastModified) }
  return (await compareWithLatest(storage, version, signal)).kind === 'same'
}
