/** The current manifest of a place, and whether a source is still the latest version of its key. @module */
import { compareWithLatest } from '../storage/latest.ts'
import type { Storage } from '../storage/storage.ts'
import type { ResultPlace } from './layout.ts'
import { parseIdentity, parseManifest, type Identity, type Manifest } from './manifest.ts'

export interface CurrentManifest {
  readonly etag: string
  /** The manifest's identity; `foreign` when the object is not a manifest. */
  readonly identity: Identity | 'foreign'
  /** Absent when it is foreign, or of a later schema. */
  readonly manifest?: Manifest
}

export async function readCurrent(
  storage: Storage,
  place: Pick<ResultPlace, 'bucket' | 'manifestKey'>,
  signal?: AbortSignal,
): Promise<CurrentManifest | undefined> {
  const found = await storage.readText(place.bucket, place.manifestKey, { ...(signal && { signal }) })
  if (!found) return undefined
  const manifest = parseManifest(found.text)
  const identity = manifest ?? parseIdentity(found.text) ?? 'foreign'
  return { etag: found.etag, identity, ...(manifest && { manifest }) }
}

/** Asks the store whether the source is the latest version of its key. False also when the object is gone. */
export async function isLatestVersion(
  storage: Storage,
  source: Identity['source'],
  signal?: AbortSignal,
): Promise<boolean> {
  const version = { ...source, lastModifiedMs: Date.parse(source.lastModified) }
  return (await compareWithLatest(storage, version, signal)).kind === 'same'
}
