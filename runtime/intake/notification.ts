/**
 * Parses the text of a bucket notification into events. Pure.
 *
 * Shapes, as captured in `test/fixtures/events/`: MinIO's Redis target in `access` format sends
 * `[{"Event":[{"eventName":"s3:ObjectCreated:Put","s3":{"bucket":{"name":"incoming"},"object":{"key":"a+b.mp4",…}}}],"EventTime":"…"}]`
 * (MinIO `internal/event/target/redis.go`, `internal/event/event.go`); webhooks and AWS send `{"Records":[…]}` with the same records.
 * @module
 */
import { messageOf } from '../errors.ts'
import { NotificationError, readRecord, type RecordFound } from './record.ts'

/** The result of reading a record; `malformed` has the reason, such as `record 2: s3.object.key: …`, and other records stay valid. */
export type Found = RecordFound | { readonly kind: 'malformed'; readonly reason: string }

/**
 * The records of a notification's text, one after the other: there may be thousands, and the caller may pause in between.
 *
 * @throws {NotificationError} at once when it has no record; the message does not quote the text
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

/** The records of a notification, not yet checked. A part without records counts as one, so that it is reported. */
function recordsIn(notification: unknown): readonly unknown[] {
  const parts: readonly unknown[] = Array.isArray(notification) ? notification : [notification]
  const lists = parts.map(recordsOf)
  if (lists.every((list) => list === undefined))
    throw new NotificationError('not a bucket notification: it has no list "Event" or "Records"')
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
    throw new NotificationError('not JSON', { cause: error })
  }
}
