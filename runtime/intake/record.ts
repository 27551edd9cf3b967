/**
 * Parses one record of a notification into an event. A record outside S3's limits is malformed: no store has such an object, and
 * every place that handles it later would have to be prepared for it. Pure. @module
 */
import { z } from 'zod'
import { messageOf } from '../errors.ts'
import { makeOf } from '../function/make.ts'
import { impossibleKey, isBucketName } from '../storage/names.ts'
import { CREATED_EVENTS, generationOf, type ObjectEvent, realVersion } from '../storage/object-version.ts'

/** A malformed notification or record. The text is set aside with this reason; the next one is processed. */
export class NotificationError extends Error {
  override readonly name = 'NotificationError'
}

/** When escaped, each byte of a key may take three. */
const ESCAPED_KEY_MAX = 3 * 1_024
/** A limit of S3; version ids are opaque. */
const VERSION_MAX = 1_024
/** MD5 in hex and a number of parts; ETags of encrypted objects are longer. */
const ETAG_MAX = 256
const SIZE_MAX_BYTES = 50 * 1024 ** 4

const printable = (max: number) =>
  z
    .string()
    .max(max)
    .regex(/^[\x20-\x7e]*$/, 'is not plain text')

const recordSchema = z.looseObject({
  eventName: printable(128).min(1),
  eventTime: z
    .string()
    .max(64)
    .pipe(z.iso.datetime({ offset: true })),
  responseElements: z.looseObject({ 'x-amz-request-id': printable(256).optional() }).nullish(),
  s3: z.looseObject({
    bucket: z.looseObject({ name: z.string().refine(isBucketName, 'is not the name of a bucket') }),
    object: z.looseObject({
      key: z.string().min(1).max(ESCAPED_KEY_MAX),
      size: z.number().int().min(0).max(SIZE_MAX_BYTES).optional(),
      eTag: printable(ETAG_MAX).optional(),
      contentType: z.string().max(1_024).optional(),
      // Whatever is in it: a strange name or value must not set an upload aside.
      userMetadata: z.unknown().optional(),
      versionId: printable(VERSION_MAX).optional(),
      sequencer: z
        .string()
        .regex(/^[0-9A-Fa-f]{1,32}$/)
        .optional(),
    }),
  }),
})
type NotifiedRecord = z.output<typeof recordSchema>

const REMOVED = new Set(['Delete', 'DeleteMarkerCreated'])

/** The last millisecond of the year 9999: the latest time that manifests can write in ISO 8601. */
const TIME_MAX_MS = 253_402_300_799_999

/** `other`: neither an upload nor a removal, such as `s3:ObjectCreated:PutTagging`. */
export type RecordFound = ObjectEvent | { readonly kind: 'other'; readonly eventName: string }

/** @throws {NotificationError} when it is malformed; the message does not quote the text */
export function readRecord(found: unknown): RecordFound {
  const record = parseRecord(found)
  return toEvent(record) ?? { kind: 'other', eventName: record.eventName }
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
    // The version of a delete marker is its own; the object that it hides stays.
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
    // MinIO omits a size of 0.
    sizeBytes: object.size ?? 0,
    lastModifiedMs,
    ...(object.contentType === undefined ? {} : { contentType: object.contentType }),
    ...madeOf(object.userMetadata),
  }
}

function madeOf(metadata: unknown): { readonly make?: readonly string[] } {
  return typeof metadata === 'object' && metadata !== null
    ? { make: makeOf(metadata as Readonly<Record<string, unknown>>) }
    : {}
}

/** The sequencer is the object's time in nanoseconds, in hex; floating point would divide it wrongly once in 9,000 times. */
function sequencerMs(sequencer: string | undefined, eventTimeMs: number): number {
  return sequencer ? Number(BigInt(`0x${sequencer}`) / 1_000_000n) : eventTimeMs
}

/** A time that dates can hold: with any other, later records of the run would fail. */
function timeMs(field: string, ms: number): number {
  if (ms >= 0 && ms <= TIME_MAX_MS) return ms
  throw new NotificationError(`${field}: not a time between the years 1970 and 9999`)
}

/** Keys are sent as Go's `url.QueryEscape` writes them: a space is `+`, a plus `%2B`. */
function decodeKey(escaped: string): string {
  const key = unescaped(escaped)
  const wrong = impossibleKey(key)
  if (wrong) throw new NotificationError(`the object key is not possible: ${wrong}`)
  return key
}

function unescaped(escaped: string): string {
  try {
    return decodeURIComponent(escaped.replaceAll('+', ' '))
  } catch (error) {
    throw new NotificationError(`the object key is not URL-escaped UTF-8: ${messageOf(error)}`, {
      cause: error,
    })
  }
}
