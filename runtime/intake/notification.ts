/**
 * The text that a bucket's notification is, turned into events. Pure.
 *
 * Shapes, as captured in `test/fixtures/events/`: MinIO's Redis target in `access` format sends
 * `[{"Event":[{"eventName":"s3:ObjectCreated:Put","s3":{"bucket":{"name":"incoming"},"object":{"key":"a+b.mp4",…}}}],"EventTime":"…"}]`
 * (MinIO `internal/event/target/redis.go`, `internal/event/event.go`); webhooks and AWS send `{"Records":[…]}` with the same records.
 * @module
 */
import { messageOf } from '../errors.ts'
import type { ObjectEvent } from '../storage/event.ts'
import { NotificationError, readRecord, type RecordFound } from './record.ts'

export { NotificationError } from './record.ts'

/** What a record came to; `malformed` says why it is none, such as `record 2: s3.object.key: …`, and the others hold all the same. */
export type Found = RecordFound | { readonly kind: 'malformed'; readonly reason: string }

/**
 * The records of a notification's text, one after the other: there may be thousands, and whoever reads them may rest in between.
 *
 * @throws {NotificationError} at once when there is no record in it; the message says what is wrong, not what the text is
 */
export function readNotification(raw: string): Generator<Found> {
  return readEach(recordsIn(parseJson(raw)))
}

function* readEach(records: readonly unknown[]): Generator<Found> {
  for (const [index, record] of records.entries()) {
    try {
      yield readRecord(record)
    } catch (error) {
      yield { kind: 'malformed', reason: `record ${index + 1}: ${messageOf(error)}` }
    }
  }
}

export interface Notification {
  readonly events: readonly ObjectEvent[]
  /** Of records about something else than an upload or a removal, such as `ObjectCreated:PutTagging`. */
  readonly otherEventNames: readonly string[]
  readonly malformed: readonly string[]
}

/** All of {@link readNotification} at once. */
export function parseNotification(raw: string): Notification {
  const events: ObjectEvent[] = []
  const otherEventNames: string[] = []
  const malformed: string[] = []
  for (const found of readNotification(raw)) {
    if (found.kind === 'malformed') malformed.push(found.reason)
    else if (found.kind === 'other') otherEventNames.push(found.eventName)
    else events.push(found)
  }
  return { events, otherEventNames, malformed }
}

/** The records of a notification, each still to be looked at. A part that has none stands for itself: it is told of. */
function recordsIn(notification: unknown): readonly unknown[] {
  const parts: readonly unknown[] = Array.isArray(notification) ? notification : [notification]
  const lists = parts.map(recordsOf)
  if (lists.every((list) => list === undefined))
    throw new NotificationError('no bucket notification: neither a list of "Event" nor "Records"')
  return parts.flatMap((part, index) => lists[index] ?? [part])
}

function recordsOf(part: unknown): readonly unknown[] | undefined {
  if (typeof part !== 'object' || part === null) return undefined
  const records = 'Event' in part ? part.Event : 'Records' in part ? part.Records : undefined
  return Array.isArray(records) && records.length > 0 ? records : undefined
}

function parseJson(raw: string): unknown {
  try {
    return JSON.parse(raw)
  } catch (error) {
    throw new NotificationError('no JSON', { cause: error })
  }
}
