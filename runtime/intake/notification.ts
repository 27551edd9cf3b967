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
import { CREATED_EVENTS, type ObjectEvent } from './event.ts'

/** The text is no notification. It is set aside with its text and this reason; the next one goes on. */
export class NotificationError extends Error {
  override readonly name = 'NotificationError'
}

export interface Notification {
  readonly events: readonly ObjectEvent[]
  /** Records about something else than an upload or a removal, such as `ObjectCreated:PutTagging`. */
  readonly otherEventNames: readonly string[]
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
type Record = z.output<typeof recordSchema>

const records = z.array(recordSchema).min(1)
const notificationSchema = z.union([
  z
    .array(z.looseObject({ Event: records }))
    .min(1)
    .transform((parts) => parts.flatMap((part) => part.Event)),
  z.looseObject({ Event: records }).transform((part) => part.Event),
  z.looseObject({ Records: records }).transform((part) => part.Records),
])

const REMOVED = new Set(['Delete', 'DeleteMarkerCreated'])

/**
 * The events in a notification's text.
 *
 * @throws {NotificationError} when it is not what MinIO documents; the message says what is wrong, not what the text is
 */
export function parseNotification(raw: string): Notification {
  const result = notificationSchema.safeParse(parseJson(raw))
  if (!result.success) throw new NotificationError(firstIssue(result.error))
  const events: ObjectEvent[] = []
  const otherEventNames: string[] = []
  for (const record of result.data) {
    const event = toEvent(record)
    if (event) events.push(event)
    else otherEventNames.push(record.eventName)
  }
  return { events, otherEventNames }
}

function toEvent(record: Record): ObjectEvent | undefined {
  const [, family, eventName] = /^(?:s3:)?(ObjectCreated|ObjectRemoved):(\w+)$/.exec(record.eventName) ?? []
  if (!family || !eventName) return undefined
  const { object, bucket } = record.s3
  const common = {
    eventId: record.responseElements?.['x-amz-request-id'] ?? '',
    eventName,
    eventTimeMs: Date.parse(record.eventTime),
    bucket: bucket.name,
    key: decodeKey(object.key),
  }
  if (family === 'ObjectRemoved') return REMOVED.has(eventName) ? { kind: 'removed', ...common } : undefined
  const createdBy = CREATED_EVENTS.find((name) => name === eventName)
  if (createdBy === undefined) return undefined
  const etag = (object.eTag ?? '').replaceAll('"', '')
  const lastModifiedMs = sequencerMs(object.sequencer, common.eventTimeMs)
  const versionId = realVersion(object.versionId)
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

/** A version's name within its key; events and listings come to the same one. */
export function generationOf(version: {
  readonly versionId?: string | undefined
  readonly etag: string
  readonly lastModifiedMs: number
}): string {
  return realVersion(version.versionId) ?? `${version.etag}@${version.lastModifiedMs}`
}

/** On a bucket without versions the id is absent, empty or the word null. */
function realVersion(versionId: string | undefined): string | undefined {
  return versionId === undefined || versionId === '' || versionId === 'null' ? undefined : versionId
}

/** The sequencer is the object's time in nanoseconds, in hex; in floating point the division is wrong once in 9,000. */
function sequencerMs(sequencer: string | undefined, eventTimeMs: number): number {
  return sequencer ? Number(BigInt(`0x${sequencer}`) / 1_000_000n) : eventTimeMs
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

/** The deepest reason of the branch that came furthest, such as `0.Event.0.s3.object.key: expected string`. */
function firstIssue(error: z.ZodError): string {
  const issues = error.issues.flatMap((issue) =>
    issue.code === 'invalid_union' ? issue.errors.flat() : [issue],
  )
  const deepest = issues.toSorted((a, b) => b.path.length - a.path.length)[0]
  if (!deepest || deepest.path.length === 0)
    return 'no bucket notification: neither a list of "Event" nor "Records"'
  return `${deepest.path.join('.')}: ${deepest.message}`
}
