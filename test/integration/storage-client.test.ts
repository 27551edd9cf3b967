import { randomUUID } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { closeSync, openSync, writeSync } from 'node:fs'
import { crc32 } from 'node:zlib'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { Client } from 'minio'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createStorage } from '../../runtime/storage/client.ts'
import type { Storage } from '../../runtime/storage/storage.ts'
import { listed } from '../helpers/listed.ts'
import { sha256Hex } from '../helpers/sha256.ts'
import { startTestStore, type TestStore } from '../helpers/store.ts'
import { waitFor } from '../helpers/wait.ts'

const bytes = (value: string) => ({ bytes: Buffer.from(value) })
const PLAIN = { contentType: 'text/plain' }

let store: TestStore
let storage: Storage
let dir: string

beforeAll(async () => {
  store = await startTestStore({ plain: ['plain', 'many'], versioned: ['kept'] })
  storage = store.storage
  dir = await mkdtemp(join(tmpdir(), 'sluice-storage-'))
})

afterAll(async () => {
  await store.stop()
  await rm(dir, { recursive: true })
})

/** Every kind of key that MinIO accepts and that some client misreads. */
const KEYS = [
  '0123', '00', '0x1F', '1e5', '1.0', 'true', 'null', 'a+b', '100%', '%41', 'a#b', 'what?', 'a&b', 'a&amp;b', 'a<b>c', `it's "quoted"`,
  'line\nbreak', 'tab\there', '\u0001', 'back\\slash', '-dash', '--help', ' space before', 'space after ', 'two  spaces', 'ünïcödé',
  'e\u0301 is not é', '日本語/ファイル.mp4', '🎬.mp4', 'a=b;c=d', '[x]{y}(z)!*', '~tilde', '@at', 'a:b|c^d`e', 'deep/er/and/deeper', 'x'.repeat(255),
] // prettier-ignore

describe('keys', () => {
  it.each(KEYS.map((key) => ({ key, name: JSON.stringify(key.slice(0, 30)) })))(
    'stores, finds, reads and removes $name under exactly that name',
    async ({ key }) => {
      const { etag } = await storage.put('plain', `keys/${key}`, bytes(key), PLAIN)
      expect(await storage.head('plain', `keys/${key}`)).toMatchObject({ etag, contentType: 'text/plain' })
      expect(await storage.readText('plain', `keys/${key}`)).toEqual({ text: key, etag })
      expect(
        (await listed(storage.list('plain', { prefix: `keys/${key}` }))).map((item) => item.key),
      ).toContain(`keys/${key}`)
      await storage.remove('plain', `keys/${key}`)
      expect(await storage.head('plain', `keys/${key}`)).toBeUndefined()
    },
  )
})

describe('a range', () => {
  it.each([
    { range: { start: 2, end: 4 }, expected: '234' },
    { range: { start: 7 }, expected: '789' },
    { range: { start: 8, end: 100 }, expected: '89' },
  ])('$range is read alone, and the object described whole', async ({ range, expected }) => {
    const { etag } = await storage.put('plain', 'digits', bytes('0123456789'), PLAIN)
    const { head, body } = await storage.get('plain', 'digits', { range, ifMatch: etag })
    expect(await text(body)).toBe(expected)
    expect(head).toMatchObject({ etag, sizeBytes: 10 })
  })

  it('beyond the end is refused', async () => {
    await storage.put('plain', 'digits', bytes('0123456789'), PLAIN)
    const beyond = storage.get('plain', 'digits', { range: { start: 10 } })
    await expect(beyond).rejects.toMatchObject({ code: 'InvalidRange' })
  })
})

describe('listings', () => {
  it('has every key of a bucket of more than 1,000, numbers and special characters among them, in order', async () => {
    const keys = [...Array(1_100).keys()].map(
      (n) => `${n % 3 === 0 ? 'a&b+c %' : ''}${String(n).padStart(4, '0')}`,
    )
    await inParallel(keys, (key) => storage.put('many', key, bytes(key), PLAIN))
    const found = await listed(storage.list('many'))
    expect(found.map((item) => item.key)).toEqual(keys.sort())
    expect(found[0]?.etag).toMatch(/^[0-9a-f]{32}$/)
    expect((await listed(storage.list('many', { pageSize: 7 }))).map((item) => item.key)).toEqual(keys)
    expect(
      (await listed(storage.list('many', { versions: true, pageSize: 100 }))).map((item) => item.key),
    ).toEqual(keys)
  })

  it('pages through versions and delete markers, also where a page ends within one key', async () => {
    for (const key of ['v/a +&', 'v/b\n']) {
      for (const value of ['1', '2', '3']) await storage.put('kept', key, bytes(value), PLAIN)
      await storage.remove('kept', key)
    }
    for (const pageSize of [1, 2, 3, 1_000]) {
      const found = await listed(storage.list('kept', { versions: true, prefix: 'v/', pageSize }))
      expect(found.map((item) => [item.key, item.isLatest, item.isDeleteMarker])).toEqual(
        ['v/a +&', 'v/b\n'].flatMap((key) => [
          [key, true, true],
          ...[1, 2, 3].map(() => [key, false, false]),
        ]),
      )
      expect(new Set(found.map((item) => item.versionId)).size).toBe(8)
    }
    expect(await listed(storage.list('kept', { prefix: 'v/' }))).toEqual([])
  })

  it('starts after any key, without its versions', async () => {
    const keys = KEYS.map((key) => `after/${key}`)
    for (const key of [...keys, ...keys.slice(0, 3)]) await storage.put('kept', key, bytes('x'), PLAIN)
    for (const versions of [true, false]) {
      const all = await listed(storage.list('kept', { prefix: 'after/', versions }))
      for (const { key } of all) {
        const rest = await listed(storage.list('kept', { prefix: 'after/', versions, after: key }))
        expect(rest).toEqual(all.slice(all.findLastIndex((each) => each.key === key) + 1))
      }
    }
  })

  it('has no version ids in a bucket without versioning, and the same milliseconds either way', async () => {
    await storage.put('plain', 'listed', bytes('x'), PLAIN)
    const [latest] = await listed(storage.list('plain', { prefix: 'listed' }))
    const [version] = await listed(storage.list('plain', { prefix: 'listed', versions: true }))
    expect(latest).toEqual(version)
    expect(latest).not.toHaveProperty('versionId')
  })
})

describe('reading', () => {
  it('knows the user metadata and the checksum', async () => {
    const { hostname, port } = new URL(store.options.endpoint)
    const { credentials } = store.options
    const client = new Client({ endPoint: hostname, port: Number(port), useSSL: false, ...credentials })
    await client.putObject('plain', 'meta', 'x', 1, { Seconds: '4', 'Content-Type': 'video/mp4' })
    expect(await storage.head('plain', 'meta')).toMatchObject({
      metadata: { seconds: '4' },
      contentType: 'video/mp4',
      sizeBytes: 1,
    })
    await storage.put('plain', 'summed', bytes('abc'), PLAIN)
    expect((await storage.head('plain', 'summed'))?.sha256Hex).toBe(sha256Hex('abc'))
  })

  it('knows the user metadata that was written with an object, and the version that the write made', async () => {
    const metadata = { 'sluice-start': '4.08', note: "a b+c/d=% it's" }
    const stored = await storage.put('kept', 'with metadata', bytes('x'), { ...PLAIN, metadata })
    const head = await storage.head('kept', 'with metadata')
    expect(head).toMatchObject({ metadata, ...stored })
    expect(stored.versionId).toBe(head?.versionId)
    expect(stored.versionId).toMatch(/./)
    expect(await storage.put('plain', 'with metadata', bytes('x'), { ...PLAIN, metadata })).toEqual({
      sha256Hex: stored.sha256Hex,
      etag: stored.etag,
    })
  })

  it('reads the requested version, and nothing when that is a delete marker', async () => {
    await storage.put('kept', 'read', bytes('old'), PLAIN)
    const old = await storage.head('kept', 'read')
    await storage.put('kept', 'read', bytes('new'), PLAIN)
    await storage.remove('kept', 'read')
    const [marker] = await listed(storage.list('kept', { versions: true, prefix: 'read' }))
    const versionId = old?.versionId ?? ''
    expect(await storage.readText('kept', 'read')).toBeUndefined()
    expect(await storage.readText('kept', 'read', { versionId })).toMatchObject({ text: 'old', versionId })
    expect(await storage.head('kept', 'read', { versionId: marker?.versionId ?? '' })).toBeUndefined()
    expect(await storage.head('kept', 'read', { versionId: randomUUID() })).toBeUndefined()
  })

  it('returns the bytes of a small object with its description, and of a larger one only the description', async () => {
    const bytes = Buffer.from([0, 0xff, 0xfe, 10])
    await storage.put('kept', 'small', { bytes }, { contentType: 'text/plain' })
    const head = await storage.head('kept', 'small')
    expect(await storage.headWithBytes('kept', 'small', { maxBytes: 4 })).toEqual({ ...head, bytes })
    expect(await storage.headWithBytes('kept', 'small', { maxBytes: 3 })).toEqual(head)
    await storage.remove('kept', 'small')
    expect(await storage.headWithBytes('kept', 'small', { maxBytes: 4 })).toBeUndefined()
    expect(await storage.headWithBytes('kept', 'nothing', { maxBytes: 4 })).toBeUndefined()
  })

  it('refuses to read an object with another etag', async () => {
    await storage.put('plain', 'pinned', bytes('one'), PLAIN)
    await expect(storage.get('plain', 'pinned', { ifMatch: 'abc' })).rejects.toMatchObject({
      code: 'PreconditionFailed',
    })
  })

  it('refuses to read a text that is larger than allowed', async () => {
    await storage.put('plain', 'long', bytes('x'.repeat(100_000)), PLAIN)
    await expect(storage.readText('plain', 'long', { maxBytes: 1_000 })).rejects.toMatchObject({
      code: 'EntityTooLarge',
    })
  })

  it('lets a slow reader take its time, however long nothing moves', async () => {
    const patient = createStorage({ ...store.options, idleTimeoutMs: 200 })
    await storage.put('plain', 'slow', { bytes: Buffer.alloc(32 * 1024 * 1024, 'x') }, PLAIN)
    const { body } = await patient.get('plain', 'slow')
    const startedMs = performance.now()
    await waitFor(async () => performance.now() - startedMs > 1_000, { timeoutMs: 5_000, what: 'a second' })
    expect((await text(body)).length).toBe(32 * 1024 * 1024)
    patient.close()
  })
})

describe('writing', () => {
  it('sends a file unchanged and reports its bytes', async () => {
    const path = join(dir, 'file')
    const content = Buffer.alloc(3 * 1024 * 1024, 'abc')
    await writeFile(path, content)
    let sentBytes = 0
    const body = { path, sizeBytes: content.length, sha256Hex: sha256Hex(content) }
    await storage.put('plain', 'file', body, { ...PLAIN, onBytes: (count) => (sentBytes += count) })
    expect(sentBytes).toBe(content.length)
    expect((await storage.head('plain', 'file'))?.sha256Hex).toBe(body.sha256Hex)
  })

  it.each([0, 5, 3 * 1024 * 1024 + 1])(
    'proves a file of %d bytes by its CRC-32, and finds its sha256 while it is sent',
    async (sizeBytes) => {
      const path = join(dir, `proved-${sizeBytes}`)
      const content = Buffer.alloc(sizeBytes, 'abc')
      await writeFile(path, content)
      const written = await storage.put('plain', `proved-${sizeBytes}`, { path, sizeBytes }, PLAIN)
      expect(written).toMatchObject({ sha256Hex: sha256Hex(content), etag: expect.any(String) })
      const crc = Buffer.alloc(4)
      crc.writeUInt32BE(crc32(content))
      expect(await storage.head('plain', `proved-${sizeBytes}`)).toMatchObject({
        sizeBytes,
        crc32: crc.toString('base64'),
      })
    },
  )

  it('stores nothing of a file that changes while it is sent', async () => {
    const path = join(dir, 'changing')
    const sizeBytes = 3 * 1024 * 1024
    await writeFile(path, Buffer.alloc(sizeBytes, 'abc'))
    const once = createStorage({ ...store.options, retries: 0 })
    const change = () => {
      const file = openSync(path, 'r+')
      writeSync(file, 'x', sizeBytes - 1)
      closeSync(file)
    }
    await expect(
      once.put('plain', 'changing', { path, sizeBytes }, { ...PLAIN, onBytes: change }),
    ).rejects.toMatchObject({ code: 'XAmzContentChecksumMismatch' })
    expect(await once.head('plain', 'changing')).toBeUndefined()
    once.close()
  })

  it('stores nothing of a file that is shorter than announced, and names it', async () => {
    const path = join(dir, 'short')
    await writeFile(path, 'abc')
    await expect(
      storage.put('plain', 'short', { path, sizeBytes: 5, sha256Hex: sha256Hex('abc') }, PLAIN),
    ).rejects.toThrow(/short.* ended after 3 of 5 bytes/)
    expect(await storage.head('plain', 'short')).toBeUndefined()
  })

  it('refuses bytes that are not those of the checksum', async () => {
    const path = join(dir, 'other')
    await writeFile(path, 'abc')
    const once = createStorage({ ...store.options, retries: 0 })
    await expect(
      once.put('plain', 'other', { path, sizeBytes: 3, sha256Hex: sha256Hex('xyz') }, PLAIN),
    ).rejects.toMatchObject({ code: 'XAmzContentChecksumMismatch' })
    expect(await once.head('plain', 'other')).toBeUndefined()
    once.close()
  })

  it('creates only a new object, and replaces only the named one', async () => {
    const { etag } = await storage.put('plain', 'cas', bytes('1'), { ...PLAIN, ifNoneMatch: '*' })
    await expect(
      storage.put('plain', 'cas', bytes('2'), { ...PLAIN, ifNoneMatch: '*' }),
    ).rejects.toMatchObject({
      code: 'PreconditionFailed',
    })
    await storage.put('plain', 'cas', bytes('3'), { ...PLAIN, ifMatch: etag })
    await expect(storage.put('plain', 'cas', bytes('4'), { ...PLAIN, ifMatch: etag })).rejects.toMatchObject({
      code: 'PreconditionFailed',
    })
    await expect(
      storage.put('plain', 'never', bytes('5'), { ...PLAIN, ifMatch: etag }),
    ).rejects.toMatchObject({
      code: 'NoSuchKey',
    })
    expect((await storage.readText('plain', 'cas'))?.text).toBe('3')
  })

  it('reports the refusal of a large file instead of a broken connection', async () => {
    const path = join(dir, 'large')
    const content = Buffer.alloc(64 * 1024 * 1024, 'x')
    await writeFile(path, content)
    const once = createStorage({ ...store.options, retries: 0 })
    const body = { path, sizeBytes: content.length, sha256Hex: sha256Hex(content) }
    await expect(once.put('nowhere', 'large', body, PLAIN)).rejects.toMatchObject({ code: 'NoSuchBucket' })
    once.close()
  })

  it('cannot write with an expired URL', async () => {
    const url = await storage.presignPut('plain', 'late', 2)
    const startedMs = performance.now()
    await waitFor(async () => performance.now() - startedMs > 3_000, {
      timeoutMs: 9_000,
      what: 'the end of the URL',
    })
    await expect(storage.putSigned(url, bytes('late'), PLAIN)).rejects.toMatchObject({
      code: 'RequestExpired',
    })
    expect(await storage.head('plain', 'late')).toBeUndefined()
  })
})

async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<unknown>): Promise<void> {
  const queue = [...items]
  await Promise.all(
    [...Array(16).keys()].map(async () => {
      for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item)
    }),
  )
}
