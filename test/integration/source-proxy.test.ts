/** The source as a URL for tools: a small range proxy on loopback in front of a real MinIO. */
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createStorage } from '../../runtime/storage/client.ts'
import type { Storage } from '../../runtime/storage/storage.ts'
import type { SourceParts } from '../../runtime/worker/source/object.ts'
import { startLossyProxy, type LossyProxy } from '../helpers/lossy-proxy.ts'
import { beginAnswer, createTestSources, type TestSource } from '../helpers/source.ts'
import { startTestStore, type TestStore } from '../helpers/store.ts'

const MIB = 1024 * 1024
const content = randomBytes(48 * MIB)
const sources = createTestSources()

let store: TestStore
let lossy: LossyProxy
/** Through a proxy that cuts connections and counts them. */
let storage: Storage

beforeAll(async () => {
  store = await startTestStore({ plain: ['plain'], versioned: ['kept'] })
  lossy = await startLossyProxy(store.minio.port)
  await put('kept', 'large', content)
})

beforeEach(() => {
  lossy.loseReplies(0)
  // One for each test, so that no connection is left from the one before.
  storage?.close()
  storage = createStorage({ ...store.options, endpoint: `http://127.0.0.1:${lossy.port}` })
})

afterAll(async () => {
  await sources.close()
  storage.close()
  await lossy.stop()
  await store.stop()
})

const put = (bucket: string, key: string, bytes: Uint8Array) =>
  store.storage.put(bucket, key, { bytes }, { contentType: 'video/mp4' })

const open = (differences?: Partial<SourceParts>): Promise<TestSource> =>
  sources.open(storage, 'kept', 'large', differences)

async function read(url: string, range?: string) {
  const response = await fetch(url, range === undefined ? {} : { headers: { range } })
  return { response, body: Buffer.from(await response.arrayBuffer()) }
}

describe('a URL', () => {
  it('serves the whole object, and announces ranges', async () => {
    const { response, body } = await read(await (await open()).input())
    expect(response.status).toBe(200)
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-length': String(content.length),
      'accept-ranges': 'bytes',
      // Not video/mp4, which the uploader chose.
      'content-type': 'application/octet-stream',
    })
    expect(body.equals(content)).toBe(true)
  })

  it.each([
    { range: 'bytes=0-0', start: 0, end: 0 },
    { range: 'bytes=1000000-1999999', start: 1_000_000, end: 1_999_999 },
    { range: `bytes=${content.length - 5}-`, start: content.length - 5, end: content.length - 1 },
    { range: 'bytes=-7', start: content.length - 7, end: content.length - 1 },
    { range: `bytes=5-${10 * content.length}`, start: 5, end: content.length - 1 },
  ])('serves $range', async ({ range, start, end }) => {
    const { response, body } = await read(await (await open()).input(), range)
    expect(response.status).toBe(206)
    expect(response.headers.get('content-range')).toBe(`bytes ${start}-${end}/${content.length}`)
    expect(response.headers.get('content-length')).toBe(String(end - start + 1))
    expect(body.equals(content.subarray(start, end + 1))).toBe(true)
  })

  it('serves nothing beyond the end', async () => {
    const { response } = await read(await (await open()).input(), `bytes=${content.length}-`)
    expect(response.status).toBe(416)
    expect(response.headers.get('content-range')).toBe(`bytes */${content.length}`)
  })

  it('answers HEAD without calling the store', async () => {
    const source = await open()
    const url = await source.input()
    lossy.loseReplies(Infinity)
    const response = await fetch(url, { method: 'HEAD', headers: { range: 'bytes=0-9' } })
    expect([response.status, response.headers.get('content-length')]).toEqual([200, String(content.length)])
    expect(source.givenBytes()).toBe(0)
  })

  it('serves an empty object', async () => {
    await put('kept', 'empty', Buffer.alloc(0))
    const source = await sources.open(storage, 'kept', 'empty')
    const { response, body } = await read(await source.input())
    expect([response.status, body.length]).toEqual([200, 0])
    expect((await read(await source.input(), 'bytes=0-')).response.status).toBe(416)
  })

  it.each(['POST', 'PUT', 'DELETE', 'OPTIONS'])('refuses %s', async (method) => {
    const response = await fetch(await (await open()).input(), { method })
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
  })

  it.each(['', 'f'.repeat(64), '../large', 'kept/large'])(
    'is nothing that could be guessed: "/%s"',
    async (path) => {
      const { origin } = new URL(await (await open()).input())
      expect((await fetch(`${origin}/${path}`)).status).toBe(404)
    },
  )

  it('reads the version of the run although the key was overwritten', async () => {
    await put('kept', 'moving', Buffer.from('first'))
    const source = await sources.open(storage, 'kept', 'moving')
    await put('kept', 'moving', Buffer.from('second'))
    expect((await read(await source.input())).body.toString()).toBe('first')
  })

  it.each([
    { name: 'SupersededError', change: () => put('plain', 'SupersededError', Buffer.from('other')) },
    { name: 'SourceGoneError', change: () => store.storage.remove('plain', 'SourceGoneError') },
  ])('ends with an error that the attempt recognises as $name', async ({ name, change }) => {
    await put('plain', name, Buffer.from('first'))
    const source = await sources.open(storage, 'plain', name)
    await change()
    expect((await read(await source.input())).response.status).toBe(502)
    expect(source.failure).toMatchObject({ name })
  })
})

describe('a store that ends an answer early', () => {
  it('goes unnoticed by the client', async () => {
    const source = await open()
    const response = await beginAnswer(await source.input())
    const hash = createHash('sha256')
    for (const at of [1, 12, 30]) {
      while (source.givenBytes() < at * MIB) {
        if (response.readableLength === 0) await once(response, 'readable')
        hash.update(response.read() as Buffer)
      }
      lossy.loseReplies(2)
    }
    for await (const bytes of response) hash.update(bytes as Buffer)
    expect(hash.digest('hex')).toBe(createHash('sha256').update(content).digest('hex'))
    expect(lossy.lost).toBeGreaterThanOrEqual(2)
    expect(source.failure).toBeUndefined()
  })

  it('for good ends the client’s read too, and the attempt knows why', async () => {
    const source = await open({ patienceMs: 1_000 })
    const response = await beginAnswer(await source.input())
    lossy.loseReplies(Infinity)
    const [error] = (await once(response.resume(), 'error')) as [NodeJS.ErrnoException]
    expect(error.code).toBe('ECONNRESET')
    expect(source.failure).toMatchObject({ name: 'StorageError', isPassing: true })
  })
})
