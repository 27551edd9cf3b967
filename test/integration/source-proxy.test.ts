/** The source as a URL for tools: a small range proxy on loopback in front of a real MinIO. */
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createStorage } from '../../runtime/storage/client.ts'
import type { Storage } from '../../runtime/storage/storage.ts'
import type { SourceParts } from '../../runtime/worker/source/source.ts'
import { startLossyProxy, type LossyProxy } from '../helpers/lossy-proxy.ts'
import { createTestSources, type TestSource } from '../helpers/source.ts'
import { startTestStore, type TestStore } from '../helpers/store.ts'
import { waitFor } from '../helpers/wait.ts'

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

/** An answer of which nothing is read before somebody asks for it. */
async function begin(url: string): Promise<IncomingMessage> {
  const [response] = (await once(get(url, { agent: false }), 'response')) as [IncomingMessage]
  response.on('error', () => undefined)
  return response
}

const IDLE_MS = 300

/** A store that ends what nobody moves for {@link IDLE_MS}, and how often it was asked for the source. */
function impatient(): { storage: Storage; gets: () => number } {
  let gets = 0
  storage.close()
  storage = createStorage({ ...store.options, idleTimeoutMs: IDLE_MS, retries: 0 })
  const counting: Storage = {
    ...storage,
    get(...call) {
      gets++
      return storage.get(...call)
    },
  }
  return { storage: counting, gets: () => gets }
}

/** Reads on until it is over, well or not. */
const closeOf = (response: IncomingMessage) =>
  new Promise<void>((resolve) => response.resume().once('close', resolve))

const noConnection = () =>
  waitFor(async () => lossy.connections === 0, { timeoutMs: 10_000, what: 'the connections to be closed' })

describe('a URL', () => {
  it('gives the whole object, and says that it has ranges', async () => {
    const { response, body } = await read(await (await open()).input())
    expect(response.status).toBe(200)
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-length': String(content.length),
      'accept-ranges': 'bytes',
      // Not video/mp4: that is the uploader's word.
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
  ])('gives $range', async ({ range, start, end }) => {
    const { response, body } = await read(await (await open()).input(), range)
    expect(response.status).toBe(206)
    expect(response.headers.get('content-range')).toBe(`bytes ${start}-${end}/${content.length}`)
    expect(response.headers.get('content-length')).toBe(String(end - start + 1))
    expect(body.equals(content.subarray(start, end + 1))).toBe(true)
  })

  it('has nothing beyond the end', async () => {
    const { response } = await read(await (await open()).input(), `bytes=${content.length}-`)
    expect(response.status).toBe(416)
    expect(response.headers.get('content-range')).toBe(`bytes */${content.length}`)
  })

  it('answers HEAD without asking the store', async () => {
    const source = await open()
    const url = await source.input()
    lossy.loseReplies(Infinity)
    const response = await fetch(url, { method: 'HEAD', headers: { range: 'bytes=0-9' } })
    expect([response.status, response.headers.get('content-length')]).toEqual([200, String(content.length)])
    expect(source.givenBytes()).toBe(0)
  })

  it('gives an empty object', async () => {
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
  ])('ends with an error that the attempt knows as $name', async ({ name, change }) => {
    await put('plain', name, Buffer.from('first'))
    const source = await sources.open(storage, 'plain', name)
    await change()
    expect((await read(await source.input())).response.status).toBe(502)
    expect(source.fault).toMatchObject({ name })
  })
})

describe('a store that breaks off', () => {
  it('is not seen by the client', async () => {
    const source = await open()
    const response = await begin(await source.input())
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
    expect(source.fault).toBeUndefined()
  })

  it('for good breaks off the client too, and the attempt knows why', async () => {
    const source = await open({ patienceMs: 1_000 })
    const response = await begin(await source.input())
    lossy.loseReplies(Infinity)
    const [error] = (await once(response.resume(), 'error')) as [NodeJS.ErrnoException]
    expect(error.code).toBe('ECONNRESET')
    expect(source.fault).toMatchObject({ name: 'StorageError', isPassing: true })
  })
})

describe('a client', () => {
  it('that reads slowly gets everything, and no more is fetched than it takes', async () => {
    const { storage, gets } = impatient()
    const source = await open({ storage })
    const response = await begin(await source.input())
    await pause(4 * IDLE_MS)
    // What the kernel's buffers hold on both sides of a loopback connection.
    expect(source.givenBytes()).toBeLessThan(content.length / 2)
    let readBytes = 0
    for await (const bytes of response) readBytes += (bytes as Buffer).length
    expect(readBytes).toBe(content.length)
    expect(gets()).toBe(1)
  })

  it('that goes away closes the read behind it, and that is no fault', async () => {
    const source = await open()
    const response = await begin(await source.input())
    expect(lossy.connections).toBe(1)
    response.destroy()
    await noConnection()
    expect(source.fault).toBeUndefined()
    expect((await read(await source.input(), 'bytes=0-4')).body).toEqual(content.subarray(0, 5))
  })

  it('is sent away when the attempt ends, and the URL is dead from then on', async () => {
    const [source, other] = [await open(), await open()]
    const url = await source.input()
    const responses = await Promise.all([begin(url), begin(url), begin(url)])
    const closed = Promise.all(responses.map(closeOf))
    source.close()
    await closed
    await noConnection()
    expect((await fetch(url)).status).toBe(404)
    expect(source.fault).toBeUndefined()
    expect((await read(await other.input(), 'bytes=0-4')).response.status).toBe(206)
  })

  it('is sent away when the attempt is aborted', async () => {
    const attempt = new AbortController()
    const source = await open({ signal: attempt.signal })
    const response = await begin(await source.input())
    const url = await source.input()
    attempt.abort(new Error('the lease is lost'))
    await closeOf(response)
    await noConnection()
    expect((await fetch(url)).status).toBe(404)
  })
})

describe('the brake', () => {
  it('holds the bytes back for as long as there is no room, and lets go on when there is', async () => {
    let hasRoom = true
    let release = () => {}
    const room = async (signal: AbortSignal) => {
      signal.throwIfAborted()
      if (!hasRoom) await new Promise<void>((resolve) => (release = resolve))
    }
    const { storage, gets } = impatient()
    const source = await open({ storage, room })
    const response = await begin(await source.input())
    hasRoom = false
    let readBytes = 0
    response.on('data', (bytes: Buffer) => (readBytes += bytes.length))
    await pause(200)
    const heldAt = readBytes
    // Longer than anything on the way would wait for bytes that do not come.
    await pause(4 * IDLE_MS)
    expect(readBytes).toBe(heldAt)
    expect(readBytes).toBeLessThan(content.length)
    hasRoom = true
    release()
    await once(response, 'end')
    expect(readBytes).toBe(content.length)
    expect(gets()).toBe(1)
  })

  it('does not hold back the end of the attempt', async () => {
    let hold = () => {}
    const held = new Promise<void>((resolve) => (hold = resolve))
    const room = (signal: AbortSignal) => {
      hold()
      return new Promise<void>((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as Error))
      })
    }
    const source = await open({ room })
    const answered = once(get(await source.input(), { agent: false }), 'response')
    await held
    source.close()
    await expect(answered).rejects.toMatchObject({ code: 'ECONNRESET' })
  })
})
