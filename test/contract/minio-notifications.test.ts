import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parseNotification } from '../helpers/notification.ts'

/** Notifications captured from a real MinIO; `raw` is the entry of the list. */
function captured(name: string): string[] {
  const text = readFileSync(new URL(`../fixtures/events/${name}.json`, import.meta.url), 'utf8')
  return (JSON.parse(text) as { raw: string[] }).raw
}
const NAMES = readdirSync(new URL('../fixtures/events/', import.meta.url)).map((file) =>
  file.replace('.json', ''),
)

describe('captured notifications', () => {
  it.each(NAMES)('%s: every text is understood', (name) => {
    for (const raw of captured(name)) {
      const { events, otherEventNames } = parseNotification(raw)
      expect(events.length + otherEventNames.length).toBe(1)
    }
  })

  it.each([
    { name: 'put-simple', expected: { kind: 'created', eventName: 'Put', key: 'a.txt', sizeBytes: 5 } },
    { name: 'put-empty', expected: { kind: 'created', sizeBytes: 0 } },
    { name: 'put-folder-marker', expected: { kind: 'created', sizeBytes: 0 } },
    { name: 'post-form', expected: { kind: 'created', eventName: 'Post' } },
    { name: 'mc-cp-17m', expected: { kind: 'created', eventName: 'CompleteMultipartUpload' } },
    {
      name: 'v-delete-marker',
      expected: { kind: 'removed', eventName: 'DeleteMarkerCreated', key: 'v.txt' },
    },
    {
      name: 'ilm-expiry-ilm',
      expected: { kind: 'removed', eventName: 'Delete', key: 'old file.txt', eventId: '' },
    },
  ])('$name: the event says what happened', ({ name, expected }) => {
    expect(parseNotification(captured(name)[0] as string).events[0]).toMatchObject(expected)
  })

  it.each(['put-tagging', 'rm-tagging'])('%s: tags cause no event', (name) => {
    const notifications = captured(name).map((raw) => parseNotification(raw))
    expect(notifications.flatMap(({ otherEventNames }) => otherEventNames).join()).toMatch(/Tagging/)
  })

  it('names a version by its id, and without versions by etag and milliseconds of the sequencer', () => {
    const [version] = parseNotification(captured('v-put1')[0] as string).events
    expect(version).toMatchObject({ generation: expect.stringMatching(/^[0-9a-f-]{36}$/) })
    const [plain] = parseNotification(captured('put-simple')[0] as string).events
    expect(plain).toMatchObject({
      generation: `5d41402abc4b2a76b9719d911017c592@${0x18ea9e99279d2fa3n / 1_000_000n}`,
      eventId: '18EA9E992790B8E8',
    })
  })
})
