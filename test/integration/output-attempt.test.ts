import { access, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ulid } from 'ulid'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createAttemptFolder } from '../../runtime/output/attempt-folder.ts'
import { createAttemptOutput, type AttemptOutput } from '../../runtime/output/attempt-output.ts'
import { attemptFolder, resultPlace } from '../../runtime/output/layout.ts'
import type { Storage } from '../../runtime/storage/storage.ts'
import { listed } from '../helpers/listed.ts'
import { sha256Hex } from '../helpers/sha256.ts'
import { startTestStore, type TestStore } from '../helpers/store.ts'

let store: TestStore
let storage: Storage
let dir: string
let attempt: string
let output: AttemptOutput

const place = resultPlace({
  sourceBucket: 'incoming',
  sourceKey: 'clip & co/a+b.mp4',
  functionName: 'chunk',
  outputBucket: 'processed',
})

beforeAll(async () => {
  store = await startTestStore({ versioned: ['processed'] })
  storage = store.storage
  dir = await mkdtemp(join(tmpdir(), 'sluice-output-'))
})

afterAll(async () => {
  await store.stop()
  await rm(dir, { recursive: true })
})

beforeEach(() => {
  attempt = ulid()
  output = createAttemptOutput({ storage, place, attempt })
})

async function fileOf(name: string, content: string | Uint8Array) {
  const path = join(dir, `${attempt}-${name}`)
  await writeFile(path, content)
  return { path, name, role: 'chunk', contentType: 'video/mp4' }
}

const stored = () => listed(storage.list('processed', { prefix: attemptFolder(place, attempt) }))

describe('files', () => {
  it('are stored in the folder of the attempt, listed with what they are, and gone from disk', async () => {
    const times = (index: number) => ({
      index,
      startSeconds: index * 6,
      requestedSeconds: 6,
      durationSeconds: 6.006,
    })
    const second = await fileOf('chunk-00001.mp4', 'second')
    const first = await fileOf('chunk-00000.mp4', 'first')
    await output.upload({ ...second, chunk: times(1) })
    await output.upload({ ...first, chunk: times(0), pointer: 'first.mp4' })
    await output.json({ format: 'mp4' }, { name: 'probe.json', role: 'probe' })
    output.describe({ totals: { chunks: 1, bytes: 5 }, warnings: ['one'], tools: { ffmpeg: '5.1.9' } })
    output.describe({ totals: { chunks: 2 }, warnings: ['two'], probe: { format: 'mp4' } })
    const result = await output.close()
    expect(result).toMatchObject({
      files: [
        { role: 'chunk', contentType: 'video/mp4', bytes: 5, sha256: sha256Hex('first'), ...times(0) },
        { role: 'chunk', bytes: 6, sha256: sha256Hex('second'), ...times(1) },
        { role: 'probe', contentType: 'application/json' },
      ],
      pointers: { 'first.mp4': `${attemptFolder(place, attempt)}chunk-00000.mp4` },
      totals: { chunks: 2, bytes: 5 },
      warnings: ['one', 'two'],
      tools: { ffmpeg: '5.1.9' },
      probe: { format: 'mp4' },
    })
    for (const file of result.files) {
      const { bytes } = (await storage.headWithBytes('processed', file.key, { maxBytes: 1_000 })) ?? {}
      expect([bytes?.length, sha256Hex(bytes ?? '')]).toEqual([file.bytes, file.sha256])
    }
    for (const { path } of [first, second]) await expect(access(path)).rejects.toThrow(/ENOENT/)
  })

  it('with a pointer may name the others by the folder of the attempt, as seen from beside the manifest', async () => {
    await output.upload({ ...(await fileOf('index.m3u8', 'index')), name: '720p/index.m3u8' })
    const text = `#EXTM3U\n${output.folder}720p/index.m3u8\n`
    const master = {
      ...(await fileOf('master.m3u8', text)),
      name: 'pointer/master.m3u8',
      pointer: 'master.m3u8',
    }
    await output.upload(master)
    const { pointers } = await output.close()
    expect(pointers).toEqual({ 'master.m3u8': `${place.folder}${output.folder}pointer/master.m3u8` })
    const named = `${place.folder}${text.split('\n')[1] ?? ''}`
    expect(await storage.head('processed', named, {})).toMatchObject({ sizeBytes: 5 })
  })

  it('say what they hold, and segments are ordered within their groups', async () => {
    const media = { codecs: 'avc1.64001f', width: 1280, height: 720, bandwidth: 2_000_000 }
    const segment = (group: string, index: number) => ({
      name: `${group}/${index}.m4s`,
      role: 'segment',
      group,
      chunk: { index, startSeconds: index * 6, durationSeconds: 6 },
    })
    for (const file of [segment('720p', 1), segment('720p', 0), segment('480p', 0)])
      await output.json(1, file)
    await output.json(1, { name: '720p/index.m3u8', role: 'playlist', media })
    const { files } = await output.close()
    const named = files.map(({ key, group, index, media: facts }) => [
      key.split('/').slice(-2).join('/'),
      group,
      index,
      facts,
    ])
    expect(named).toEqual([
      ['480p/0.m4s', '480p', 0, undefined],
      ['720p/0.m4s', '720p', 0, undefined],
      ['720p/1.m4s', '720p', 1, undefined],
      ['720p/index.m3u8', undefined, undefined, media],
    ])
  })

  it('are at most 20,000, since the manifest lists each', async () => {
    const put: Storage['put'] = () => Promise.resolve({ etag: 'e', sha256Hex: '0'.repeat(64) })
    output = createAttemptOutput({ storage: { ...storage, put }, place, attempt })
    const uploads = Array.from({ length: 20_000 }, (_, n) => output.json(n, { name: `${n}`, role: 'x' }))
    await expect(output.json(1, { name: 'more', role: 'x' })).rejects.toThrow(/may have 20,000 files/)
    await Promise.all(uploads)
  })

  it('are never the target of a link: a tool that reads untrusted files may have planted it', async () => {
    const path = join(dir, `${attempt}-chunk-00000.mp4`)
    await symlink('/etc/passwd', path)
    const file = { path, name: 'chunk-00000.mp4', role: 'chunk', contentType: 'video/mp4' }
    await expect(output.upload(file)).rejects.toThrow(/is a link/)
    await expect(output.close()).rejects.toThrow(/is a link/)
    expect(await stored()).toEqual([])
  })

  it('wait for their turn, four on their way at a time, and are counted while they do', async () => {
    let [sending, most] = [0, 0]
    const counting: Storage = {
      ...storage,
      async put(...call) {
        most = Math.max(most, ++sending)
        try {
          return await storage.put(...call)
        } finally {
          sending--
        }
      },
    }
    output = createAttemptOutput({ storage: counting, place, attempt })
    const files = await Promise.all(
      [...Array(12).keys()].map((n) => fileOf(`${n}.bin`, Buffer.alloc(200_000, n))),
    )
    const uploads = files.map((file) => output.upload(file))
    expect(output.waiting).toBe(12)
    await Promise.all(uploads)
    expect(output.waiting).toBe(0)
    expect(most).toBe(4)
    expect((await output.close()).files).toHaveLength(12)
  })

  it('are awaited until few enough are left, and no longer', async () => {
    const signal = new AbortController().signal
    await output.waitingAtMost(0, signal)
    const files = await Promise.all(
      [...Array(8).keys()].map((n) => fileOf(`${n}.bin`, Buffer.alloc(500_000, n))),
    )
    const uploads = files.map((file) => output.upload(file))
    await output.waitingAtMost(8, signal)
    expect(output.waiting).toBe(8)
    await output.waitingAtMost(4, signal)
    expect(output.waiting).toBeLessThanOrEqual(4)
    const ended = new AbortController()
    const waiting = output.waitingAtMost(0, ended.signal)
    ended.abort(new Error('the client is gone'))
    await expect(waiting).rejects.toThrow('the client is gone')
    await expect(output.waitingAtMost(0, ended.signal)).rejects.toThrow('the client is gone')
    await Promise.all(uploads)
  })

  it('that fail do not wait any more', async () => {
    const missing = output.upload({ path: join(dir, 'missing'), name: 'm', role: 'x', contentType: 'x/y' })
    await output.waitingAtMost(0, new AbortController().signal)
    await expect(missing).rejects.toThrow(/ENOENT/)
  })

  it('may be empty', async () => {
    await output.upload(await fileOf('empty.bin', ''))
    expect((await output.close()).files).toMatchObject([{ bytes: 0, sha256: sha256Hex('') }])
  })

  it('report their bytes as they are sent', async () => {
    let sentBytes = 0
    output = createAttemptOutput({ storage, place, attempt, onBytes: (count) => (sentBytes += count) })
    await output.upload(await fileOf('counted.bin', 'x'.repeat(1_000)))
    expect(sentBytes).toBe(1_000)
  })
})

describe('a failure', () => {
  it('of an upload that was not awaited fails the end', async () => {
    void output.upload({ path: join(dir, 'missing'), name: 'missing', role: 'chunk', contentType: 'x/y' })
    void output.json(1, { name: 'fine.json', role: 'x' })
    await expect(output.close()).rejects.toThrow(/ENOENT/)
  })

  it.each([
    { name: 'a name that leads elsewhere', file: { name: '../x', role: 'x' }, reason: /file name "\.\.\/x"/ },
    { name: "a name of the runtime's", file: { name: '~x', role: 'x' }, reason: /reserved for the runtime/ },
    {
      name: 'the pointer manifest.json',
      file: { name: 'x', role: 'x', pointer: 'manifest.json' },
      reason: /pointer/,
    },
  ])('is permanent for $name', async ({ file, reason }) => {
    await expect(output.json(1, file)).rejects.toThrow(reason)
    await expect(output.close()).rejects.toMatchObject({ name: 'PermanentError' })
  })

  it('is permanent for a name or a pointer that was given before', async () => {
    await output.json(1, { name: 'a', role: 'x', pointer: 'p' })
    await expect(output.json(2, { name: 'a', role: 'x' })).rejects.toThrow(/written twice/)
    await expect(output.json(2, { name: 'b', role: 'x', pointer: 'p' })).rejects.toThrow(/written twice/)
    expect(await storage.readText('processed', `${attemptFolder(place, attempt)}a`)).toMatchObject({
      text: '1\n',
    })
  })
})

describe('the end', () => {
  it('refuses every later call', async () => {
    await output.close()
    await expect(output.json(1, { name: 'late', role: 'x' })).rejects.toThrow(/its handler has returned/)
    expect(() => output.describe({ warnings: ['late'] })).toThrow(/its handler has returned/)
    expect(await stored()).toEqual([])
  })

  it('by abandoning stops uploads in progress, and leaves nothing once the folder is discarded', async () => {
    const files = await Promise.all(
      [...Array(8).keys()].map((n) => fileOf(`${n}.bin`, Buffer.alloc(4_000_000))),
    )
    const uploads = Promise.allSettled(files.map((file) => output.upload(file)))
    await output.json(1, { name: 'sent.json', role: 'x' }).catch(() => undefined)
    await output.abandon(new Error('the lease is lost'))
    await uploads
    await expect(output.json(1, { name: 'late', role: 'x' })).rejects.toThrow(/the lease is lost/)
    await expect(output.close()).rejects.toThrow(/the lease is lost/)
    expect(await createAttemptFolder(storage, place, attempt).discard()).toBe(true)
    const prefix = attemptFolder(place, attempt)
    expect(await listed(storage.list('processed', { prefix, versions: true }))).toEqual([])
  })
})
