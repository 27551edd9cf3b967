import { describe, expect, it } from 'vitest'
import fc from 'fast-check'
import { generationOf, NotificationError, parseNotification } from '../../../runtime/intake/notification.ts'

interface Fields {
  readonly eventName?: unknown
  readonly key?: unknown
  readonly object?: Record<string, unknown>
}

/** A record as MinIO sends it, reduced to what is read. */
function record({ eventName = 's3:ObjectCreated:Put', key = 'clip.mp4', object = {} }: Fields = {}) {
  return {
    eventName,
    eventTime: '2026-11-23T08:16:22.094Z',
    responseElements: { 'x-amz-request-id': 'R1' },
    s3: {
      bucket: { name: 'incoming' },
      object: { key, eTag: 'e1', size: 3, sequencer: '18EA9E99279D2FA3', ...object },
    },
  }
}
const minio = (...records: unknown[]) => JSON.stringify([{ Event: records, EventTime: '…' }])

describe('shapes', () => {
  it.each([
    { name: "MinIO's list", raw: minio(record()) },
    { name: 'one object without the list', raw: JSON.stringify({ Event: [record()] }) },
    {
      name: "AWS's and the webhook's Records",
      raw: JSON.stringify({ EventName: 'x', Records: [record({ eventName: 'ObjectCreated:Put' })] }),
    },
  ])('$name is read', ({ raw }) => {
    expect(parseNotification(raw).events).toMatchObject([
      { kind: 'created', bucket: 'incoming', key: 'clip.mp4', sizeBytes: 3 },
    ])
  })

  it.each([
    { name: 'no JSON', raw: '{', reason: /no JSON/ },
    { name: 'an empty text', raw: '', reason: /no JSON/ },
    { name: 'a string', raw: '""', reason: /neither a list/ },
    { name: 'an empty list', raw: '[]', reason: /.+/ },
    { name: 'no records', raw: '[{"Event":[]}]', reason: /Event/ },
    { name: 'null', raw: 'null', reason: /neither a list/ },
    { name: 'deep nesting', raw: '['.repeat(5_000) + ']'.repeat(5_000), reason: /.+/ },
    { name: 'no key', raw: minio(record({ object: { key: undefined } })), reason: /object\.key/ },
    { name: 'a key of another type', raw: minio(record({ key: 7 })), reason: /object\.key/ },
    {
      name: 'a key that is not URL-escaped UTF-8',
      raw: minio(record({ key: '%E0%A4%A' })),
      reason: /URL-escaped/,
    },
    { name: 'a negative size', raw: minio(record({ object: { size: -1 } })), reason: /object\.size/ },
    {
      name: 'a sequencer that is no number',
      raw: minio(record({ object: { sequencer: 'zz' } })),
      reason: /sequencer/,
    },
  ])('$name is refused with a reason', ({ raw, reason }) => {
    expect(() => parseNotification(raw)).toThrow(NotificationError)
    expect(() => parseNotification(raw)).toThrow(reason)
  })

  it('throws nothing but NotificationError, whatever the text', () => {
    const thrownBy = (raw: string): unknown => {
      try {
        return parseNotification(raw) && undefined
      } catch (error) {
        return error
      }
    }
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (raw) => {
        expect(thrownBy(raw) ?? new NotificationError()).toBeInstanceOf(NotificationError)
      }),
    )
  })
})

describe('keys', () => {
  it('come out as they were uploaded, whatever they are', () => {
    const escape = (key: string) => encodeURIComponent(key).replaceAll('%20', '+')
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: 'grapheme' }), (key) => {
        expect(parseNotification(minio(record({ key: escape(key) }))).events[0]?.key).toBe(key)
      }),
    )
  })
})

describe('events', () => {
  it.each(['s3:ObjectCreated:PutTagging', 's3:ObjectRemoved:NoOP', 's3:ObjectAccessed:Get', 'nonsense'])(
    '%s is named and makes none',
    (eventName) => {
      expect(parseNotification(minio(record({ eventName })))).toEqual({
        events: [],
        otherEventNames: [eventName],
      })
    },
  )

  it('takes a missing size for 0, as MinIO means it', () => {
    expect(parseNotification(minio(record({ object: { size: undefined } }))).events[0]).toMatchObject({
      sizeBytes: 0,
    })
  })

  it('divides the sequencer exactly, where floating point would be a millisecond off', () => {
    const nanoseconds = 1_795_440_767_913_999_999n
    const [event] = parseNotification(
      minio(record({ object: { sequencer: nanoseconds.toString(16) } })),
    ).events
    expect(event).toMatchObject({ lastModifiedMs: 1_795_440_767_913 })
  })

  it.each([undefined, '', 'null'])('version id %o is none', (versionId) => {
    expect(generationOf({ versionId, etag: 'e', lastModifiedMs: 5 })).toBe('e@5')
  })
})
