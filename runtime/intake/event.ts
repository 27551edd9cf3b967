/**
 * What a bucket said, in one shape whatever way it came: one object version was written, or one object was removed.
 * @module
 */

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

/** What names the version, of whatever else is known of it. */
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

/** The ways in which an object version comes to be. Setting tags is none of them, though S3 calls it `ObjectCreated` too. */
export const CREATED_EVENTS = ['Put', 'Post', 'Copy', 'CompleteMultipartUpload'] as const
export type CreatedEventName = (typeof CREATED_EVENTS)[number]

/** An upload as it was announced. Announcements only hint: order and times prove nothing, so an attempt asks the store. */
export interface CreatedEvent extends ObjectVersion {
  readonly kind: 'created'
  /** MinIO's request id: the two copies of one announcement (one a target) share it; a repetition by the client does not. */
  readonly eventId: string
  readonly eventName: CreatedEventName
  /** When MinIO says that it happened, epoch milliseconds. */
  readonly eventTimeMs: number
  readonly contentType?: string
}

export interface RemovedEvent {
  readonly kind: 'removed'
  readonly eventId: string
  /** `Delete` or `DeleteMarkerCreated`. */
  readonly eventName: string
  readonly eventTimeMs: number
  readonly bucket: string
  readonly key: string
  /** The one version that went. Absent when the object did: by a delete marker, or on a bucket without versions. */
  readonly versionId?: string
}

export type ObjectEvent = CreatedEvent | RemovedEvent
