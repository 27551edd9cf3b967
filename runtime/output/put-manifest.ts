/** One attempt to replace a certain manifest, or to write the first one, and the meaning of its errors. @module */
import { StorageError } from '../storage/errors.ts'
import type { Storage } from '../storage/storage.ts'
import { type CurrentManifest, type Manifest, manifestText } from './manifest.ts'

export interface ManifestPut {
  readonly storage: Storage
  /** The signed URL to write it with. */
  readonly url: string
  readonly manifest: Manifest
  /** The manifest that may be replaced. */
  readonly current: CurrentManifest | undefined
  readonly signal?: AbortSignal | undefined
}

/** Records in the warnings that a foreign object was replaced: the bucket keeps it as an older version. */
function bodyOf(manifest: Manifest, current: CurrentManifest | undefined): { bytes: Buffer } {
  const isForeign = current?.identity === 'foreign'
  const warning = `an object that was not a manifest was at manifest.json before; it was replaced (etag ${current?.etag})`
  const text = manifestText(isForeign ? { ...manifest, warnings: [...manifest.warnings, warning] } : manifest)
  return { bytes: Buffer.from(text) }
}

/** The error of the attempt, or undefined when the manifest is written. */
export async function putManifest(put: ManifestPut): Promise<StorageError | undefined> {
  const { storage, url, manifest, current, signal } = put
  try {
    await storage.putSigned(url, bodyOf(manifest, current), {
      contentType: 'application/json',
      ...(current ? { ifMatch: current.etag } : { ifNoneMatch: '*' }),
      signal,
    })
    return undefined
  } catch (error) {
    if (error instanceof StorageError) return error
    throw error
  }
}

/** Whether the store refused. After any other error the write may have succeeded and the reply been lost: the folder must then be kept. */
export function isRefusal({ statusCode = 0 }: StorageError): boolean {
  return statusCode >= 400 && statusCode < 500
}

/** Whether another writer was faster, the URL has expired, or the store failed for a moment. */
export function isWorthAnotherRound(error: StorageError): boolean {
  const codes = ['PreconditionFailed', 'NoSuchKey', 'RequestExpired', 'RequestNotYetValid']
  return error.isPassing || codes.includes(error.code)
}
