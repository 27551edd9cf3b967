/**
 * The text that a bucket's notification is, turned into events. Pure.
 *
 * Shapes, as captured in `test/fixtures/events/`: MinIO's Redis target in `access` format sends
 * `[{"Event":[{"eventName":"s3:ObjectCreated:Put","s3":{"bucket":{"name":"incoming"},"object":{"key":"a+b.mp4",…}}}],"EventTime":"…"}]`
 * (MinIO `internal/event/target/redis.go`, `internal/event/event.go`); webhooks and AWS send `{"Records":[…]}` with the same records.
 * @module
 */
import { z } from 'zod'
import { messageOf } from '../errors.ts'
import { generationOf, realVersion } from '../storage/object-version.ts'
import { CREATED_EVENTS, type ObjectEvent } from './event.ts'

/** The text, or a record in it, is no notification. It is set aside with its text and this reason; the next one goes on. */
export class NotificationError extends Error {
  override readonly name = 'NotificationError'
}

export interface Notification {
  readonly events: readonly ObjectEvent[]
  /** Records about something else than an upload or a removal, such as `ObjectCreated:PutTagging`. */
  readonly otherEventNames: readonly string[]
  /** Why records of it are none, such as `record 2: s3.object.key: …`; the others hold all the same. */
  readonly malformed: readonly string[]
}

const recordSchema = z.looseObject({
  eventName: z.string().min(1),
  eventTime: z.iso.datetime({ offset: true }),
  responseElements: z.looseObject({ 'x-amz-request-id': z.string().optional() }).nullish(),
  s3: z.looseObject({
    bucket: z.looseObject({ name: z.string().min(1) }),
    object: z.looseObject({
      key: z.string().min(1),
      size: z.number().int().min(0).optional(),
      eTag: z.string().optional(),
      contentType: z.string().optional(),
      versionId: z.string().optional(),
      sequencer: z
        .string()
        .regex(/^[0-9A-Fa-f]{1,32}$/)
        .optional(),
    }),
  }),
})
type NotifiedRecord = z.output<typeof recordSchema>

const REMOVED = new Set(['Delete', 'DeleteMarkerCreated'])

/** The last millisecond of the year 9999: what manifests, which write times as ISO 8601, can say. */
const TIME_MAX_MS = 253_402_300_799_999

/**
 * The events in a notification's text.
 *
 * @throws {NotificationError} when there is no record in it; the message says what is wrong, not what the text is
 */
export function parseNotification(raw: string): Notification {
  const events: ObjectEvent[] = []
  const otherEventNames: string[] = []
  const malformed: string[] = []
  for (const [index, found] of recordsIn(parseJson(raw)).entries()) {
    try {
      const record = parseRecord(found)
      const event = toEvent(record)
      if (event) events.push(event)
      else otherEventNames.push(record.eventName)
    } catch (error) {
      malformed.push(`record ${index + 1}: ${messageOf(error)}`)
    }
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

function parseRecord(found: unknown): NotifiedRecord {
  const { data, error } = recordSchema.safeParse(found)
  if (data) return data
  const [issue] = error.issues
  throw new NotificationError([issue?.path.join('.'), issue?.message].filter(Boolean).join(': '))
}

function toEvent(record: NotifiedRecord): ObjectEvent | undefined {
  const [, family, eventName] = /^(?:s3:)?(ObjectCreated|ObjectRemoved):(\w+)$/.exec(record.eventName) ?? []
  if (!family || !eventName) return undefined
  const { object, bucket } = record.s3
  const common = {
    eventId: record.responseElements?.['x-amz-request-id'] ?? '',
    eventName,
    eventTimeMs: timeMs('eventTime', Date.parse(record.eventTime)),
    bucket: bucket.name,
    key: decodeKey(object.key),
  }
  const versionId = realVersion(object.versionId)
  if (family === 'ObjectRemoved') {
    if (!REMOVED.has(eventName)) return undefined
    // A delete marker's version is its own; what it hides stays.
    const isVersion = eventName === 'Delete' && versionId !== undefined
    return { kind: 'removed', ...common, ...(isVersion && { versionId }) }
  }
  const createdBy = CREATED_EVENTS.find((name) => name === eventName)
  if (createdBy === undefined) return undefined
  const etag = (object.eTag ?? '').replaceAll('"', '')
  const lastModifiedMs = timeMs('sequencer', sequencerMs(object.sequencer, common.eventTimeMs))
  return {
    kind: 'created',
    ...common,
    eventName: createdBy,
    ...(versionId === undefined ? {} : { versionId }),
    generation: generationOf({ versionId, etag, lastModifiedMs }),
    etag,
    // MinIO leaves the size out when it is 0.
    sizeBytes: object.size ?? 0,
    lastModifiedMs,
    ...(object.contentType === undefined ? {} : { contentType: object.contentType }),
  }
}

/** The sequencer is the object's time in nanoseconds, in hex; in floating point the division is wrong once in 9,000. */
function sequencerMs(sequencer: string | undefined, eventTimeMs: number): number {
  return sequencer ? Number(BigInt(`0x${sequencer}`) / 1_000_000n) : eventTimeMs
}

/** A time that dates can hold: whatever is written of the run later would fail with another. */
function timeMs(field: string, ms: number): number {
  if (ms >= 0 && ms <= TIME_MAX_MS) return ms
  throw new NotificationError(`${field}: no time between the years 1970 and 9999`)
}

/** Keys are sent as Go's `url.QueryEscape` writes them: a space is `+`, a plus `%2B`. */
function decodeKey(escaped: string): string {
  try {
    return decodeURIComponent(escaped.replaceAll('+', ' '))
  } catch (error) {
    throw new NotificationError(`the object key is not URL-escaped UTF-8: ${messageOf(error)}`, {
      cause: error,
    })
  }
}

function parseJson(raw: string): unknown {
  try {
    return JSON.parse(raw)
  } catch (error) {
    throw new NotificationError('no JSON', { cause: error })
  }
}
