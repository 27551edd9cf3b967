/** Object versions, named in one way: events, listings and requests lead to the same run; and the events of a bucket. Pure. @module */

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

/** The ways in which an object version is created. Setting tags is not one, though S3 calls it `ObjectCreated` too. */
export const CREATED_EVENTS = ['Put', 'Post', 'Copy', 'CompleteMultipartUpload'] as const
export type CreatedEventName = (typeof CREATED_EVENTS)[number]

/** An announced upload. Announcements are only hints: order and times prove nothing, so an attempt asks the store. */
export interface CreatedEvent extends ObjectVersion {
  readonly kind: 'created'
  /** MinIO's request id: shared by the two copies of one announcement (one for each target), but not by a client's repeated upload. */
  readonly eventId: string
  readonly eventName: CreatedEventName
  /** The time of the event by MinIO's clock, epoch milliseconds. */
  readonly eventTimeMs: number
  readonly contentType?: string
  /** The functions that its metadata ask for; absent when the event has no metadata: the sweep then asks the store. */
  readonly make?: readonly string[]
}

export interface RemovedEvent {
  readonly kind: 'removed'
  readonly eventId: string
  /** `Delete` or `DeleteMarkerCreated`. */
  readonly eventName: string
  readonly eventTimeMs: number
  readonly bucket: string
  readonly key: string
  /** The removed version. Absent when the whole object was removed: by a delete marker, or in a bucket without versions. */
  readonly versionId?: string
}

export type ObjectEvent = CreatedEvent | RemovedEvent
