import { describe, expect, it } from 'vitest'
import {
  changedRecord,
  createKey,
  findKey,
  NO_RECORD,
  parseStreamRecord,
  withoutSecrets,
} from '../../../runtime/queue/stream-records.ts'
import { DAY_MS } from '../../../runtime/time.ts'

const AT = Date.parse('2026-11-30T10:00:00.000Z')

describe('a key', () => {
  it('has 128 random bits, of which only a hash is stored', () => {
    const [one, other] = [createKey(AT), createKey(AT, 5_000)]
    expect(Buffer.from(one.secret, 'base64url')).toHaveLength(16)
    expect(one.secret).not.toBe(other.secret)
    expect(JSON.stringify(one.key)).not.toContain(one.secret)
    expect(other.key.expiresAtMs).toBe(AT + 5_000)
  })

  it('is right from its creation until it expires or is revoked', () => {
    const { key, secret } = createKey(AT, 5_000)
    expect(findKey([createKey(AT).key, key], secret, AT + 4_999)).toEqual({ kind: 'right', keyId: key.id })
    expect(findKey([key], secret, AT + 5_000)).toEqual({ kind: 'expired' })
    expect(findKey([{ ...key, revokedAtMs: AT }], secret, AT + 9_000)).toEqual({ kind: 'revoked' })
  })

  it.each(['', 'x', 'é'.repeat(5_000)])('is not found by %j', (secret) => {
    expect(findKey([createKey(AT).key], secret, AT)).toEqual({ kind: 'wrong' })
    expect(findKey([], secret, AT)).toEqual({ kind: 'wrong' })
  })
})

describe('a record', () => {
  it('grows in revision with each change, and leaves out keys that have been useless for a month', () => {
    const [old, revoked, good] = [createKey(AT, 1).key, createKey(AT).key, createKey(AT).key]
    const keys = [old, { ...revoked, revokedAtMs: AT }, good]
    const record = changedRecord(NO_RECORD, () => ({ keys }), AT)
    expect(record).toEqual({ schema: 1, revision: 1, keys })
    expect(changedRecord(record, (each) => each, AT + 31 * DAY_MS)).toMatchObject({
      revision: 2,
      keys: [good],
    })
  })

  it.each(['', '{', '[]', '{"schema":2}', '{"schema":1,"revision":1,"keys":[{"id":"a","sha256":"short"}]}'])(
    'is not read from %j',
    (text) => expect(parseStreamRecord(text)).toBeUndefined(),
  )
})

it.each([
  ['rtsp://admin:s3cret@cam.lan:554/live', 'rtsp://***:***@cam.lan:554/live'],
  ['http://cam.lan/v?user=a&pwd=s3cret#s3cret', 'http://cam.lan/v?user=***&pwd=***'],
  ['rtmp://cam.lan/live/cam1-s3cret', 'rtmp://cam.lan/live/***'],
  ['rtmp://cam.lan/live', 'rtmp://cam.lan/live'],
  ['srt://cam.lan:9000?passphrase=s3cret', 'srt://cam.lan:9000?passphrase=***'],
  ['http://cam.lan/live.m3u8', 'http://cam.lan/live.m3u8'],
  ['s3cret', '(not a URL)'],
])('shows %s without its secrets', (url, shown) => {
  expect(withoutSecrets(url)).toBe(shown)
})
