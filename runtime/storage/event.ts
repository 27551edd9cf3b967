/**
 * What a bucket said, in one shape whatever way it came: one object version was written, or one object was removed.
 * @module
 */
import type { ObjectVersion } from './object-version.ts'

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
