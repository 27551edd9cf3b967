/** The source of an attempt on a real MinIO: one version, whatever happens to connections and to the key. */
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readFile, stat } from 'node:fs/promises'
import { buffer } from 'node:stream/consumers'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { manifestText } from '../../runtime/output/manifest.ts'
import { joinKey, pieceKey } from '../../runtime/reception/names.ts'
import { sessionRecord } from '../../runtime/reception/session/session-record.ts'
import { createStorage } from '../../runtime/storage/client.ts'
import type { Storage } from '../../runtime/storage/storage.ts'
import { startLossyProxy, type LossyProxy } from '../helpers/lossy-proxy.ts'
import { manifestOf } from '../helpers/manifest.ts'
import { createTestSources } from '../helpers/source.ts'
import { startTestStore, type TestStore } from '../helpers/store.ts'
import { waitFor } from '../helpers/wait.ts'

const MIB = 1024 * 1024
const BYTES = { contentType: 'application/octet-stream' }
const content = randomBytes(24 * MIB)
const sources = createTestSources()

let store: TestStore
let proxy: LossyProxy
/** Through a proxy that cuts connections. */
let lossy: Storage

const put = (bucket: string, key: string, bytes: Uint8Array) =>
  store.storage.put(bucket, key, { bytes }, BYTES)

beforeAll(async () => {
  store = await startTestStore({ plain: ['plain'], versioned: ['kept'] })
  proxy = await startLossyProxy(store.minio.port)
  lossy = createStorage({ ...store.options, endpoint: `http://127.0.0.1:${proxy.port}` })
  await put('kept', 'large', content)
})

beforeEach(() => proxy.loseReplies(0))

afterAll(async () => {
  await sources.close()
  lossy.close()
  await proxy.stop()
  await store.stop()
})

describe("a source that is the record of a stream's session", () => {
  const of = { name: 'cam', session: '20261129T221841Z-ba02e7' }
  const piece = { take: 1, number: 0, extension: '.ts', startSeconds: 0, seconds: 4, sizeBytes: 5, atMs: 0 }

  it('opens the pieces that it lists, and nothing else', async () => {
    const record = sessionRecord({
      of,
      why: 'stopped',
      startedAtMs: 0,
      endedAtMs: 1,
      ffmpeg: 'none',
      takes: [],
      pieces: [{ ...piece, isPartial: false }],
      losses: [],
    })
    await put('kept', pieceKey(of, piece), Buffer.from('piece'))
    await put('kept', pieceKey(of, { ...piece, number: 1 }), Buffer.from('other'))
    await put('kept', joinKey(of), Buffer.from(JSON.stringify(record)))
    const source = await sources.open(store.storage, 'kept', joinKey(of))
    const { pieces } = await source.session()
    expect(pieces).toMatchObject([{ key: pieceKey(of, piece), take: 1, seconds: 4 }])
    const opened = await source.open({ key: pieceKey(of, piece) })
    expect((await buffer(await opened.stream())).toString()).toBe('piece')
    await expect(source.open({ key: pieceKey(of, { ...piece, number: 1 }) })).rejects.toThrow(
      'does not list "streams/cam/20261129T221841Z-ba02e7/001-000001.ts"',
    )
    await expect(source.manifest()).rejects.toThrow('join.json is not a manifest')
  })
  it('is not any JSON', async () => {
    await put('kept', 'other.json', Buffer.from('{"schema":1,"pieces":[{"key":"kept/large"}]}'))
    const source = await sources.open(store.storage, 'kept', 'other.json')
    await expect(source.session()).rejects.toThrow("other.json is not a record of a stream's session")
    await expect(source.open({ key: 'kept/large' })).rejects.toThrow('other.json is not a manifest')
  })
})

describe('a source that is a manifest', () => {
  const fileKey = 'film.mp4/chunk/~01/chunk-00000.mp4'
  const manifestKey = 'film.mp4/chunk/manifest.json'
  const manifestNaming = (key: string) => {
    const file = { key, role: 'chunk', contentType: 'video/mp4', bytes: 1, sha256: '0'.repeat(64) }
    return Buffer.from(manifestText(manifestOf({ files: [file] })))
  }

  beforeAll(async () => {
    await put('kept', fileKey, content)
    await put('kept', 'film.mp4/chunk/~01/other.mp4', content)
    await put('kept', manifestKey, manifestNaming(fileKey))
  })

  it('opens the files that it lists, each in all the ways of a source', async () => {
    const source = await sources.open(store.storage, 'kept', manifestKey)
    const { files } = await source.manifest()
    expect(files.map(({ key }) => key)).toEqual([fileKey])
    const chunk = await source.open({ key: fileKey })
    expect((await chunk.bytes(5, 10)).equals(content.subarray(5, 15))).toBe(true)
    const again = await source.open({ key: fileKey })
    const paths = [await chunk.file(), await again.file(), await source.file()]
    expect(new Set(paths).size).toBe(3)
    expect((await readFile(await chunk.file())).equals(content)).toBe(true)
    expect(await readFile(await source.input(), 'utf8')).toContain(fileKey)
  })

  it('opens nothing else', async () => {
    const source = await sources.open(store.storage, 'kept', manifestKey)
    const other = source.open({ key: 'film.mp4/chunk/~01/other.mp4' })
    await expect(other).rejects.toThrow(
      'kept/film.mp4/chunk/manifest.json does not list "film.mp4/chunk/~01/other.mp4"',
    )
  })

  it('reports which file is no longer stored', async () => {
    const file = { key: 'film.mp4/chunk/~01/gone.mp4' }
    await put('kept', 'gone/chunk/manifest.json', manifestNaming(file.key))
    const source = await sources.open(store.storage, 'kept', 'gone/chunk/manifest.json')
    await expect(source.open(file)).rejects.toThrow(
      'kept/film.mp4/chunk/~01/gone.mp4, which its manifest lists, is no longer stored',
    )
  })

  it('ends the files that were opened from it', async () => {
    const source = await sources.open(store.storage, 'kept', manifestKey)
    const chunk = await source.open({ key: fileKey })
    source.close()
    await expect(chunk.stream()).rejects.toThrow('its attempt has ended')
  })

  it('is refused when it is something else', async () => {
    const source = await sources.open(store.storage, 'kept', 'large')
    await expect(source.manifest()).rejects.toThrow('kept/large is not a manifest')
  })
})

describe('a source', () => {
  it('can be read as a stream, as a file and as any range of bytes, and reports the bytes it delivers', async () => {
    const source = await sources.open(store.storage, 'kept', 'large')
    expect((await buffer(await source.stream())).equals(content)).toBe(true)
    expect(source.givenBytes()).toBe(content.length)
    expect((await source.bytes(1_000, 10)).equals(content.subarray(1_000, 1_010))).toBe(true)
    const path = await source.file()
    expect((await readFile(path)).equals(content)).toBe(true)
    expect(await source.file()).toBe(path)
    expect(source.givenBytes()).toBe(2 * content.length + 10)
  })

  it.each([{ from: 'the store' }, { from: 'the file, once it is there' }])(
    'has fewer bytes where it ends, and none beyond it: from $from',
    async ({ from }) => {
      const source = await sources.open(store.storage, 'kept', 'large')
      if (from !== 'the store') await source.file()
      const givenBytes = source.givenBytes()
      expect((await source.bytes(content.length - 3, 10)).equals(content.subarray(-3))).toBe(true)
      expect(await source.bytes(content.length, 10)).toHaveLength(0)
      expect(await source.bytes(5, 0)).toHaveLength(0)
      await expect(source.bytes(-5, 2)).rejects.toThrow(/invalid range: 2 bytes from -5/)
      expect(source.givenBytes() - givenBytes).toBe(from === 'the store' ? 3 : 0)
    },
  )

  it('may be empty', async () => {
    await put('kept', 'empty', Buffer.alloc(0))
    const source = await sources.open(store.storage, 'kept', 'empty')
    expect(await buffer(await source.stream())).toHaveLength(0)
    expect(await source.bytes(0, 10)).toHaveLength(0)
    expect((await stat(await source.file())).size).toBe(0)
  })

  it('is a file for tools below a limit, or once it is on disk, else a URL', async () => {
    const limited = (downloadBelowBytes: number) =>
      sources.open(store.storage, 'kept', 'large', { downloadBelowBytes })
    const small = await limited(content.length + 1)
    expect(await small.input()).toBe(await small.file())
    const large = await limited(content.length)
    expect(await large.input()).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/[0-9a-f]{64}$/)
    expect(await large.input()).toBe(await large.input())
    expect(await large.file()).toBe(await large.input())
  })
})

describe('the version of the run', () => {
  it('is read although the key was overwritten and removed meanwhile', async () => {
    await put('kept', 'moving', Buffer.from('first'))
    const source = await sources.open(store.storage, 'kept', 'moving')
    await put('kept', 'moving', Buffer.from('second'))
    await store.storage.remove('kept', 'moving')
    expect((await source.bytes(0, 100)).toString()).toBe('first')
    expect(await buffer(await source.stream())).toEqual(Buffer.from('first'))
    expect(source.failure).toBeUndefined()
  })

  it('that was overwritten on a bucket without versions is superseded', async () => {
    await put('plain', 'moving', Buffer.from('first'))
    const source = await sources.open(store.storage, 'plain', 'moving')
    await put('plain', 'moving', Buffer.from('other'))
    await expect(source.bytes(0, 1)).rejects.toMatchObject({ name: 'SupersededError' })
    await expect(source.file()).rejects.toMatchObject({ name: 'SupersededError' })
    expect(source.failure).toMatchObject({ name: 'SupersededError' })
  })

  it.each(['plain', 'kept'])('that was removed for good is gone: bucket "%s"', async (bucket) => {
    await put(bucket, 'gone', Buffer.from('x'))
    const source = await sources.open(store.storage, bucket, 'gone')
    const { versionId } = (await store.storage.head(bucket, 'gone')) ?? {}
    await store.storage.remove(bucket, 'gone', versionId === undefined ? {} : { versionId })
    await expect(buffer(await source.stream())).rejects.toMatchObject({ name: 'SourceGoneError' })
    expect(source.failure).toMatchObject({ name: 'SourceGoneError' })
  })
})

describe('a connection that is cut', () => {
  it('is invisible to readers: a stream, a file and bytes are identical', async () => {
    const source = await sources.open(lossy, 'kept', 'large')
    const stream = await source.stream()
    const before = proxy.lost
    let nextCut = MIB
    const parts: Buffer[] = []
    for await (const part of stream as AsyncIterable<Buffer>) {
      parts.push(part)
      if (source.givenBytes() < nextCut) continue
      nextCut += 6 * MIB
      proxy.loseReplies(1)
    }
    expect(Buffer.concat(parts).equals(content)).toBe(true)
    // Bytes in transit arrive before a cut is noticed, so only the first cut is certain to hit.
    expect(proxy.lost - before).toBeGreaterThanOrEqual(1)

    proxy.loseReplies(3)
    expect((await readFile(await source.file())).equals(content)).toBe(true)
    const another = await sources.open(lossy, 'kept', 'large')
    proxy.loseReplies(2)
    expect((await another.bytes(7, MIB)).equals(content.subarray(7, 7 + MIB))).toBe(true)
    expect(source.failure).toBeUndefined()
  })

  it('shows when the version has gone meanwhile', async () => {
    await put('plain', 'short-lived', content)
    const source = await sources.open(lossy, 'plain', 'short-lived')
    const stream = await source.stream()
    stream.once('data', () => proxy.loseReplies(Infinity))
    await waitFor(async () => source.givenBytes() > 0, { timeoutMs: 10_000, what: 'the first bytes' })
    await put('plain', 'short-lived', Buffer.from('x'))
    proxy.loseReplies(1)
    await expect(buffer(stream)).rejects.toMatchObject({ name: 'SupersededError' })
  })
})

describe('a store that is away', () => {
  it('is awaited, in the middle of an object too', async () => {
    let triesInVain = 0
    const source = await sources.open(store.storage, 'kept', 'large', {
      onBytes: (count) => (triesInVain += count === 0 ? 1 : 0),
    })
    const stream = await source.stream()
    const parts: Buffer[] = []
    const read = async () => {
      for await (const part of stream as AsyncIterable<Buffer>) {
        parts.push(part)
        if (parts.length === 20) store.minio.kill('SIGKILL')
      }
    }
    const comeBack = async () => {
      // The lost connection, and then a call with the patience of a single one.
      await waitFor(async () => triesInVain >= 2, { timeoutMs: 30_000, what: 'a call that gave up' })
      await store.minio.start()
    }
    await Promise.all([read(), comeBack()])
    expect(Buffer.concat(parts).equals(content)).toBe(true)
  })

  it('is given up after a while, with an error that does not blame the object', async () => {
    let tries = 0
    const nowhere = createStorage({ ...store.options, endpoint: 'http://127.0.0.1:1', retries: 0 })
    const source = await sources.open(store.storage, 'kept', 'large', {
      storage: nowhere,
      patienceMs: 1_500,
      onBytes: () => tries++,
    })
    await expect(source.bytes(0, 1)).rejects.toMatchObject({ code: 'ECONNREFUSED', isPassing: true })
    // Each try is a sign of life, so that the attempt does not end as stalled before the store is given up.
    expect(tries).toBeGreaterThan(1)
    expect(source.failure).toMatchObject({ code: 'ECONNREFUSED' })
    nowhere.close()
  })

  it('is given up also when it hangs', async () => {
    const source = await sources.open(store.storage, 'kept', 'large', { patienceMs: 1_000 })
    store.minio.kill('SIGSTOP')
    try {
      await expect(source.bytes(0, 1)).rejects.toMatchObject({ code: 'ETIMEDOUT', isPassing: true })
    } finally {
      store.minio.kill('SIGCONT')
    }
  })
})

describe('the end', () => {
  it('of a stream’s reader closes its connection, also while it waits for bytes', async () => {
    const source = await sources.open(lossy, 'kept', 'large')
    await waitFor(async () => proxy.connections <= 1, {
      timeoutMs: 10_000,
      what: 'one connection, kept alive',
    })
    const idle = proxy.connections
    const stream = await source.stream()
    await once(stream, 'readable')
    stream.destroy()
    await once(stream, 'close')
    await waitFor(async () => proxy.connections < Math.max(idle, 1), {
      timeoutMs: 10_000,
      what: 'the connection to be closed',
    })
    store.minio.kill('SIGSTOP')
    try {
      const waiting = await source.stream()
      waiting.resume()
      await waitFor(async () => proxy.connections > 0, { timeoutMs: 10_000, what: 'a connection' })
      waiting.destroy()
      await once(waiting, 'close')
      await waitFor(async () => proxy.connections === 0, { timeoutMs: 10_000, what: 'no connection' })
    } finally {
      store.minio.kill('SIGCONT')
    }
    expect(source.failure).toBeUndefined()
  })

  it('of a download that cannot be written closes its connection', async () => {
    const source = await sources.open(lossy, 'kept', 'large', { scratch: () => '/nonexistent' })
    await expect(source.file()).rejects.toThrow(/ENOENT/)
    await waitFor(async () => proxy.connections === 0, { timeoutMs: 10_000, what: 'no connection' })
  })

  it('of the attempt ends all reads, and is not an error', async () => {
    const source = await sources.open(store.storage, 'kept', 'large')
    const stream = await source.stream()
    await once(stream, 'readable')
    source.close()
    await expect(buffer(stream)).rejects.toThrow(/its attempt has ended/)
    await expect(source.stream()).rejects.toThrow(/its attempt has ended/)
    await expect(source.bytes(0, 1)).rejects.toThrow(/its attempt has ended/)
    await expect(source.input()).rejects.toThrow(/its attempt has ended/)
    expect(source.failure).toBeUndefined()
  })
})
