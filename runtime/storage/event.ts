/**
 * Events of a bucket, in one shape whatever their origin: an object version was written, or an object was removed.
 * @module
 */
import type { ObjectVersion } from './object-version.ts'

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
