/** The manifest that stands at a place now. @module */
import type { Storage } from '../storage/storage.ts'
import type { ResultPlace } from './layout.ts'
import { parseIdentity, parseManifest, type Identity, type Manifest } from './manifest.ts'

export interface CurrentManifest {
  readonly etag: string
  /** Whose it is; `foreign` when it is no manifest. */
  readonly identity: Identity | 'foreign'
  /** Absent when it is foreign or of a later schema. */
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
