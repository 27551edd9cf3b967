import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { generationOf, type RemovedEvent } from '../../../runtime/storage/object-version.ts'
import { NotificationError } from '../../../runtime/intake/record.ts'
import { impossibleKey } from '../../../runtime/storage/names.ts'
import { parseNotification } from '../../helpers/notification.ts'

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
    { name: 'not JSON', raw: '{', reason: /not JSON/ },
    { name: 'an empty text', raw: '', reason: /not JSON/ },
    { name: 'a string', raw: '""', reason: /it has no list/ },
    { name: 'an empty list', raw: '[]', reason: /.+/ },
    { name: 'no records', raw: '[{"Event":[]}]', reason: /Event/ },
    { name: 'null', raw: 'null', reason: /it has no list/ },
    { name: 'deep nesting', raw: '['.repeat(5_000) + ']'.repeat(5_000), reason: /.+/ },
  ])('$name is refused with a reason', ({ raw, reason }) => {
    expect(() => parseNotification(raw)).toThrow(NotificationError)
    expect(() => parseNotification(raw)).toThrow(reason)
  })

  it.each([
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
    {
      name: 'a sequencer beyond all dates',
      raw: minio(record({ object: { sequencer: 'F'.repeat(32) } })),
      reason: /sequencer: not a time/,
    },
    {
      name: 'a time beyond all dates',
      raw: minio({ ...record(), eventTime: '+275760-09-14T00:00:00Z' }),
      reason: /eventTime/,
    },
    ...['', 'a%00b', 'a%2F%2Fb', '%2Fa', 'a%2F..%2Fb', 's'.repeat(256), 'k%2F'.repeat(513), '%F0%9F'].map(
      (key) => ({
        name: `a key that no object has: ${key.slice(0, 20)}`,
        raw: minio(record({ key })),
        reason: /key/,
      }),
    ),
    { name: 'half a character', raw: minio(record({ key: '\ud800' })), reason: /not valid Unicode/ },
    ...['AB', 'a', 'a..b', '10.0.0.1', 'b'.repeat(64), 'a\nb'].map((name) => ({
      name: `a bucket that none is called: ${name}`,
      raw: JSON.stringify({ Event: [{ ...record(), s3: { ...record().s3, bucket: { name } } }] }),
      reason: /bucket\.name/,
    })),
    { name: 'an endless etag', raw: minio(record({ object: { eTag: 'e'.repeat(257) } })), reason: /eTag/ },
    {
      name: 'an endless version',
      raw: minio(record({ object: { versionId: 'v'.repeat(1_025) } })),
      reason: /versionId/,
    },
    {
      name: 'a version of two lines',
      raw: minio(record({ object: { versionId: 'v\n' } })),
      reason: /versionId: is not plain text/,
    },
    {
      name: 'a size beyond all drives',
      raw: minio(record({ object: { size: 2 ** 53 - 1 } })),
      reason: /size/,
    },
    {
      name: 'an endless event name',
      raw: minio(record({ eventName: 's3:'.repeat(50) })),
      reason: /eventName/,
    },
    {
      name: 'an endless time',
      raw: minio({ ...record(), eventTime: `2026-11-23T08:16:22.${'0'.repeat(60)}Z` }),
      reason: /eventTime/,
    },
    {
      name: 'an endless request id',
      raw: minio({ ...record(), responseElements: { 'x-amz-request-id': 'R'.repeat(257) } }),
      reason: /x-amz-request-id/,
    },
    { name: 'a record that is none', raw: minio(7), reason: /^record 1: .*object/ },
    {
      name: 'a part without records',
      raw: JSON.stringify([{ Event: [record({ eventName: 'x' })] }, { Event: [] }]),
      reason: /^record 2: eventName/,
    },
  ])('$name makes no event, and the reason is given', ({ raw, reason }) => {
    const { events, malformed } = parseNotification(raw)
    expect(events).toEqual([])
    expect(malformed).toEqual([expect.stringMatching(reason)])
  })

  it.each(['Event', 'Records'])('a bad record in %s takes none of the others with it', (name) => {
    const list = [record({ key: 'a' }), record({ key: 7 }), record({ key: '%' }), record({ key: 'b' })]
    const { events, malformed } = parseNotification(JSON.stringify({ [name]: list }))
    expect(events.map(({ key }) => key)).toEqual(['a', 'b'])
    expect(malformed).toEqual([
      expect.stringMatching(/^record 2: s3\.object\.key: /),
      expect.stringMatching(/^record 3: .*URL-escaped/),
    ])
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
        fc.pre(impossibleKey(key) === undefined)
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
        malformed: [],
      })
    },
  )

  it('takes a missing size for 0, as MinIO means it', () => {
    expect(parseNotification(minio(record({ object: { size: undefined } }))).events[0]).toMatchObject({
      sizeBytes: 0,
    })
  })

  it.each([
    { name: 'Delete', versionId: 'v1', expected: 'v1' },
    { name: 'Delete', versionId: 'null', expected: undefined },
    { name: 'Delete', versionId: undefined, expected: undefined },
    { name: 'DeleteMarkerCreated', versionId: 'v1', expected: undefined },
  ])('ObjectRemoved:$name of version $versionId removes version $expected', (each) => {
    const eventName = `s3:ObjectRemoved:${each.name}`
    const raw = minio(record({ eventName, object: { versionId: each.versionId } }))
    const [event] = parseNotification(raw).events
    expect(event).toMatchObject({ kind: 'removed', eventName: each.name })
    expect((event as RemovedEvent).versionId).toBe(each.expected)
  })

  it('divides the sequencer exactly, where floating point would be a millisecond off', () => {
    const nanoseconds = 1_795_440_767_913_999_999n
    const [event] = parseNotification(
      minio(record({ object: { sequencer: nanoseconds.toString(16) } })),
    ).events
    expect(event).toMatchObject({ lastModifiedMs: 1_795_440_767_913 })
  })

  it.each(['notification-nul-key', 'notification-segment-of-300'])(
    '%s, as somebody sent it, makes none',
    (name) => {
      const raw = readFileSync(new URL(`../../fixtures/forged/${name}.json`, import.meta.url), 'utf8')
      expect(parseNotification(raw)).toEqual({
        events: [],
        otherEventNames: [],
        malformed: [expect.stringMatching(/^record 1: the object key is not possible: .*(NUL|255 bytes)/)],
      })
    },
  )

  it.each([undefined, '', 'null'])('version ID %o means no version', (versionId) => {
    expect(generationOf({ versionId, etag: 'e', lastModifiedMs: 5 })).toBe('e@5')
  })
})
