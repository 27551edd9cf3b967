import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { createStorage } from '../../runtime/storage/client.ts'
import type { RequesterOptions } from '../../runtime/storage/request.ts'
import type { Storage } from '../../runtime/storage/storage.ts'
import { listed } from '../helpers/listed.ts'
import { startLossyProxy, type LossyProxy } from '../helpers/lossy-proxy.ts'
import { sha256Hex } from '../helpers/sha256.ts'
import { startTestStore, type TestStore } from '../helpers/store.ts'

const PLAIN = { contentType: 'text/plain' }
const body = (text = 'x') => ({ bytes: Buffer.from(text) })

let store: TestStore
let proxy: LossyProxy
let lossy: Storage
const clients: Storage[] = []

beforeAll(async () => {
  store = await startTestStore({ plain: ['plain'] })
  proxy = await startLossyProxy(store.minio.port)
  lossy = client({ endpoint: `http://127.0.0.1:${proxy.port}` })
})

afterEach(() => vi.restoreAllMocks())

afterAll(async () => {
  for (const each of clients) each.close()
  await proxy.stop()
  await store.stop()
})

function client(differences: Partial<RequesterOptions>): Storage {
  const made = createStorage({ ...store.options, ...differences })
  clients.push(made)
  return made
}

describe('a lost reply', () => {
  it('of a first write is recognised when the retry finds its own object', async () => {
    proxy.loseReplies(1)
    const { etag } = await lossy.put('plain', 'once', body('once'), { ...PLAIN, ifNoneMatch: '*' })
    expect(await store.storage.readText('plain', 'once')).toEqual({ text: 'once', etag })
    expect(proxy.lost).toBe(1)
  })

  it('of a file is recognised by its CRC-32, with the sha256 of what was sent', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'sluice-faults-'))
    const path = join(dir, 'file')
    await writeFile(path, 'of a file')
    proxy.loseReplies(1)
    const file = { path, sizeBytes: 9 }
    const { sha256Hex: sha256 } = await lossy.put('plain', 'file-once', file, { ...PLAIN, ifNoneMatch: '*' })
    expect([sha256, proxy.lost > 0]).toEqual([sha256Hex('of a file'), true])
    await writeFile(path, 'another..')
    proxy.loseReplies(1)
    const taken = lossy.put('plain', 'file-once', file, { ...PLAIN, ifNoneMatch: '*' })
    await expect(taken).rejects.toMatchObject({ code: 'PreconditionFailed' })
    await rm(dir, { recursive: true })
  })

  it('of a replacement is recognised as well', async () => {
    const { etag } = await lossy.put('plain', 'twice', body('1'), PLAIN)
    proxy.loseReplies(1)
    const replaced = await lossy.put('plain', 'twice', body('2'), { ...PLAIN, ifMatch: etag })
    expect(await store.storage.readText('plain', 'twice')).toEqual({ text: '2', etag: replaced.etag })
  })

  it("does not claim somebody else's object", async () => {
    await store.storage.put('plain', 'taken', body('theirs'), PLAIN)
    proxy.loseReplies(1)
    const mine = lossy.put('plain', 'taken', body('mine!!'), { ...PLAIN, ifNoneMatch: '*' })
    await expect(mine).rejects.toMatchObject({ code: 'PreconditionFailed' })
  })

  it('of a read, a listing or a removal is simply retried', async () => {
    await store.storage.put('plain', 'again', body(), PLAIN)
    proxy.loseReplies(1)
    expect(await lossy.readText('plain', 'again')).toMatchObject({ text: 'x' })
    proxy.loseReplies(2)
    expect(await listed(lossy.list('plain', { prefix: 'again' }))).toHaveLength(1)
    proxy.loseReplies(1)
    await lossy.remove('plain', 'again')
    expect(await store.storage.head('plain', 'again')).toBeUndefined()
  })

  it('of a write with a signed URL is reported, not retried', async () => {
    const url = await lossy.presignPut('plain', 'reported', 60)
    proxy.loseReplies(1)
    await expect(lossy.putSigned(url, body(), PLAIN)).rejects.toMatchObject({ isPassing: true })
    expect(await store.storage.head('plain', 'reported')).toBeDefined()
  })
})

describe('a store that is not there', () => {
  it('is an error with the address and the remedy', async () => {
    const nowhere = client({ endpoint: 'http://127.0.0.1:1', retries: 0 })
    await expect(nowhere.head('plain', 'a')).rejects.toThrow(
      /^HEAD "a" in bucket "plain" at http:\/\/127\.0\.0\.1:1: .*ECONNREFUSED.*; is MinIO running there\? start it, or set MINIO_ENDPOINT$/,
    )
  })

  it('is awaited when it comes back in time', async () => {
    const patient = client({ retries: 8 })
    await store.minio.halt()
    const read = patient.head('plain', 'missing')
    await store.minio.start()
    expect(await read).toBeUndefined()
  })
})

describe('a write', () => {
  it('is retried for longer than a read, and each failed attempt is a sign of life', async () => {
    const nowhere = client({ endpoint: 'http://127.0.0.1:1', retries: 0, writeRetries: 2 })
    const signs: number[] = []
    const written = nowhere.put('plain', 'a', body(), { ...PLAIN, onBytes: (count) => signs.push(count) })
    await expect(written).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    expect(signs).toEqual([0, 0, 0])
    const startedMs = performance.now()
    await expect(nowhere.head('plain', 'a')).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    expect(performance.now() - startedMs).toBeLessThan(150)
  })

  it('succeeds when the store is back in time', async () => {
    const patient = client({ retries: 0, writeRetries: 8 })
    await store.minio.halt()
    const written = patient.put('plain', 'waited-for', body(), PLAIN)
    await store.minio.start()
    await written
    expect(await store.storage.readText('plain', 'waited-for')).toMatchObject({ text: 'x' })
  })
})

describe('a store that hangs', () => {
  it('ends a call by the idle limit, and by its signal at once', async () => {
    const impatient = client({ idleTimeoutMs: 1_000, retries: 0 })
    await impatient.check(['plain'])
    store.minio.kill('SIGSTOP')
    try {
      await expect(impatient.head('plain', 'a')).rejects.toMatchObject({ code: 'ETIMEDOUT' })
      const reason = new Error('the lease is lost')
      const controller = new AbortController()
      const waiting = store.storage.head('plain', 'a', { signal: controller.signal })
      setImmediate(() => controller.abort(reason))
      await expect(waiting).rejects.toMatchObject({ name: 'StorageError', code: 'ABORT_ERR', cause: reason })
    } finally {
      store.minio.kill('SIGCONT')
    }
  })

  it('fails the stream of a download with an error that names the download', async () => {
    await store.storage.put('plain', 'large', { bytes: randomBytes(48 * 1024 * 1024) }, PLAIN)
    const controller = new AbortController()
    const { body: download } = await store.storage.get('plain', 'large', { signal: controller.signal })
    download.once('data', () => controller.abort(new Error('stop')))
    await expect(buffer(download)).rejects.toMatchObject({ name: 'StorageError', code: 'ABORT_ERR' })
    const cut = await lossy.get('plain', 'large')
    cut.body.once('data', () => proxy.loseReplies(1))
    await expect(buffer(cut.body)).rejects.toThrow(/^GET "large" in bucket "plain".*ECONNRESET/)
    proxy.loseReplies(0)
  })
})

describe('an invalid setting is reported', () => {
  it.each([
    {
      name: 'a bucket that is missing, also by HEAD',
      bucket: 'missing',
      code: 'NoSuchBucket',
      advice: /sluice setup/,
    },
    {
      name: 'a name that no bucket can have',
      bucket: 'No_Bucket',
      code: 'InvalidRequest',
      advice: /No_Bucket/,
    },
  ])('$name', async ({ bucket, code, advice }) => {
    const calls = [
      () => store.storage.head(bucket, 'a'),
      () => store.storage.readText(bucket, 'a'),
      () => store.storage.put(bucket, 'a', body(), PLAIN),
      () => listed(store.storage.list(bucket)),
      () => store.storage.check([bucket]),
    ]
    for (const call of calls) {
      await expect(call()).rejects.toMatchObject({ code })
      await expect(call()).rejects.toThrow(advice)
    }
  })

  it('a wrong secret and an unknown user, also by HEAD', async () => {
    const { accessKey } = store.options.credentials
    const wrong = client({ credentials: { accessKey, secretKey: 'not-the-secret' } })
    await expect(wrong.head('plain', 'a')).rejects.toMatchObject({ code: 'SignatureDoesNotMatch' })
    const unknown = client({ credentials: { accessKey: 'nobody', secretKey: 'not-the-secret' } })
    await expect(unknown.head('plain', 'a')).rejects.toMatchObject({ code: 'InvalidAccessKeyId' })
    await expect(unknown.head('plain', 'a')).rejects.not.toThrow('not-the-secret')
  })

  it('a key with control characters, escaped', async () => {
    await expect(store.storage.get('plain', 'a\nb\u0001')).rejects.toThrow(
      /^GET "a\\nb\\u0001" in bucket "plain"/,
    )
  })

  it('an endpoint with a path', () => {
    expect(() => client({ endpoint: 'http://127.0.0.1:9000/minio' })).toThrow(/MINIO_ENDPOINT.*has a path/)
  })
})

describe('a wrong clock', () => {
  it.each([-20, 20])('of %i minutes is corrected by the first answer', async (minutes) => {
    const realNow = Date.now.bind(Date)
    vi.spyOn(Date, 'now').mockImplementation(() => realNow() + minutes * 60_000)
    const skewed = client({})
    await skewed.put('plain', 'skewed', body(), PLAIN)
    const url = await skewed.presignPut('plain', 'skewed', 60)
    await skewed.putSigned(url, body(), PLAIN)
    const signedMs = Date.parse(
      (new URL(url).searchParams.get('X-Amz-Date') ?? '').replace(
        /^(....)(..)(..)T(..)(..)(..)Z$/,
        '$1-$2-$3T$4:$5:$6Z',
      ),
    )
    // Never later than the truth, or a suspended worker could write for longer.
    expect(signedMs).toBeLessThanOrEqual(realNow())
    expect(signedMs).toBeGreaterThan(realNow() - 10_000)
  })
})
