/** One try to put a manifest where a certain one stands, or none; and what its error means. @module */
import { StorageError } from '../storage/errors.ts'
import type { Storage } from '../storage/storage.ts'
import type { CurrentManifest } from './current.ts'
import { manifestText, type Manifest } from './manifest.ts'

export interface ManifestPut {
  readonly storage: Storage
  /** The signed right to write it. */
  readonly url: string
  readonly manifest: Manifest
  /** What may be replaced. */
  readonly current: CurrentManifest | undefined
  readonly signal?: AbortSignal | undefined
}

/** Whoever finds a foreign text replaced learns of it: the bucket has it as an older version. */
function bodyOf(manifest: Manifest, current: CurrentManifest | undefined): { bytes: Buffer } {
  const isForeign = current?.identity === 'foreign'
  const warning = `an object that was not a manifest was at manifest.json before; it was replaced (etag ${current?.etag})`
  const text = manifestText(isForeign ? { ...manifest, warnings: [...manifest.warnings, warning] } : manifest)
  return { bytes: Buffer.from(text) }
}

/** The error of one try, or undefined when the manifest stands. */
export async function putManifest(put: ManifestPut): Promise<StorageError | undefined> {
  const { storage, url, manifest, current, signal } = put
  try {
    await storage.putSigned(url, bodyOf(manifest, current), {
      contentType: 'application/json',
      ...(current ? { ifMatch: current.etag } : { ifNoneMatch: '*' as const }),
      ...(signal && { signal }),
    })
    return undefined
  } catch (error) {
    if (error instanceof StorageError) return error
    throw error
  }
}

/** The store said no. Anything else may have been done, with the reply lost: then the folder is nobody's to delete. */
export function isRefusal({ statusCode = 0 }: StorageError): boolean {
  return statusCode >= 400 && statusCode < 500
}

/** Another writer was faster, the URL ran out, or the store had a bad moment. */
export function isWorthAnotherRound(error: StorageError): boolean {
  const codes = ['PreconditionFailed', 'NoSuchKey', 'RequestExpired', 'RequestNotYetValid']
  return error.isPassing || codes.includes(error.code)
}
