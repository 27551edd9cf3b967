/** Object versions, named in one way: events, listings and requests lead to the same run. Pure. @module */

/** An object version as events, listings and runs name it. */
export interface ObjectVersion {
  readonly bucket: string
  /** The object's name as its uploader wrote it: decoded, any legal UTF-8. Never a path, a label or a log line. */
  readonly key: string
  /** The version's name within its key: the version id, else `etag@lastModifiedMs` (design section 5). */
  readonly generation: string
  /** Absent on buckets without versioning. */
  readonly versionId?: string
  /** Without quotes. */
  readonly etag: string
  readonly sizeBytes: number
  /** MinIO's clock, epoch milliseconds. */
  readonly lastModifiedMs: number
}

/** Picks the fields of an object version from a larger record. */
export function versionOf(
  known: Omit<ObjectVersion, 'versionId'> & { readonly versionId?: string | undefined },
): ObjectVersion {
  const { bucket, key, generation, versionId, etag, sizeBytes, lastModifiedMs } = known
  return {
    bucket,
    key,
    generation,
    ...(versionId !== undefined && { versionId }),
    etag,
    sizeBytes,
    lastModifiedMs,
  }
}

/** A version's name within its key; events and listings come to the same one. */
export function generationOf(version: {
  readonly versionId?: string | undefined
  readonly etag: string
  readonly lastModifiedMs: number
}): string {
  return realVersion(version.versionId) ?? `${version.etag}@${version.lastModifiedMs}`
}

/** On a bucket without versions the id is absent, empty or the word null. */
export function realVersion(versionId: string | undefined): string | undefined {
  return versionId === undefined || versionId === '' || versionId === 'null' ? undefined : versionId
}
