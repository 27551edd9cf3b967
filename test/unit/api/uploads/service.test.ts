import { createHash } from 'node:crypto'
import { describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { createUploadService, partsOf } from '../../../../runtime/api/uploads/service.ts'
import type { UploadRequest } from '../../../../runtime/api/uploads/model.ts'
import { defineFunction } from '../../../../runtime/function/definition.ts'
import { createRouter } from '../../../../runtime/function/routing.ts'
import { StorageError } from '../../../../runtime/storage/errors.ts'
import type { Storage } from '../../../../runtime/storage/storage.ts'
import { createUploadStore, type UploadStore } from '../../../../runtime/storage/uploads.ts'

const MIB = 1024 ** 2
const seconds = z.coerce.number().min(0.5).max(60).default(6)
const on = { bucket: 'incoming', match: ['**/*.mp4'] }
const functions = [
  defineFunction(
    { name: 'cut', version: '1', on: { ...on, size: { max: '1GiB' } }, options: z.object({ seconds }) },
    (c) => c.json({}),
  ),
  defineFunction(
    {
      name: 'film',
      version: '1',
      on: { ...on, size: { max: '2GiB' } },
      trigger: 'asked',
      options: z.object({ seconds: z.coerce.number().max(10), mode: z.enum(['a', 'b']).default('a') }),
    },
    (c) => c.json({}),
  ),
]
const ASKED: UploadRequest = { bucket: 'incoming', key: 'a b/ü.mp4', sizeBytes: 10, ifAbsent: false }

function serviceWith({
  head = () => Promise.resolve(undefined),
  store = {},
}: { head?: Storage['head']; store?: Partial<UploadStore> } = {}) {
  const real = createUploadStore({
    endpoint: 'http://127.0.0.1:9',
    publicEndpoint: 'https://s3.example.org',
    region: 'us-east-1',
    credentials: { accessKey: 'uploader', secretKey: 'a-secret' },
  })
  const uploads = { ...real, ...store }
  return createUploadService({ storage: { head }, functions, router: createRouter(functions), uploads })
}

describe('the right to upload an object', () => {
  it('is a URL of the address that people reach, which covers its options', async () => {
    const right = await serviceWith().begin({
      ...ASKED,
      contentType: 'video/mp4',
      options: { 'cut.seconds': 4 },
      make: ['film'],
    })
    const url = new URL(right.url ?? '')
    expect(url.origin + url.pathname).toBe('https://s3.example.org/incoming/a%20b/%C3%BC.mp4')
    expect(Object.fromEntries(url.searchParams)).toMatchObject({
      'x-amz-meta-cut.seconds': '4',
      'x-amz-meta-make': 'film',
      'X-Amz-Expires': '3600',
    })
    expect(right).toMatchObject({
      method: 'PUT',
      headers: { 'content-type': 'video/mp4' },
      functions: ['cut', 'film'],
      maxBytes: 2 * 1024 ** 3,
      object: '/v1/objects/incoming?key=a%20b%2F%C3%BC.mp4',
    })
  })

  it('is given for a file that no function is for, and says so', async () => {
    expect(await serviceWith().begin({ ...ASKED, key: 'note.txt' })).toMatchObject({
      functions: [],
      maxBytes: 0,
    })
  })

  it('is one URL for each part of a large object', async () => {
    const begin = vi.fn<UploadStore['begin']>(() => Promise.resolve('id-1'))
    const right = await serviceWith({ store: { begin } }).begin({
      ...ASKED,
      sizeBytes: 70 * MIB,
      options: { seconds: 5 },
    })
    expect(begin).toHaveBeenCalledWith(
      { bucket: 'incoming', key: ASKED.key },
      { contentType: undefined, metadata: { seconds: '5' } },
    )
    expect(right.parts?.map(({ from, to }) => to - from)).toEqual([...Array(4).fill(16 * MIB), 6 * MIB])
    expect(new URL(right.parts?.[1]?.url ?? '').searchParams.get('partNumber')).toBe('2')
    expect([right.url, right.complete, right.abort]).toEqual([
      undefined,
      '/v1/uploads/id-1/complete',
      '/v1/uploads/id-1/abort',
    ])
  })

  it('is refused while there is an object of the key, if asked so', async () => {
    const head = () => Promise.resolve({ etag: 'e', sizeBytes: 1, lastModifiedMs: 0, metadata: {} })
    await expect(serviceWith({ head }).begin({ ...ASKED, ifAbsent: true })).rejects.toMatchObject({
      kind: 'conflict',
    })
    expect(await serviceWith({ head }).begin(ASKED)).toHaveProperty('url')
  })

  it.each([
    { what: 'a bucket that no function reads', asked: { bucket: 'processed' }, path: 'bucket' },
    { what: 'a key that the store does not take', asked: { key: 'a/../b.mp4' }, path: 'key' },
    { what: "a key of the runtime's own", asked: { key: '~x/b.mp4' }, path: 'key' },
    { what: "a key among streams' pieces", asked: { key: 'streams/cam/b.mp4' }, path: 'key' },
    { what: 'a size that no function takes', asked: { sizeBytes: 3 * 1024 ** 3 }, path: 'sizeBytes' },
    { what: 'an option that nobody has', asked: { options: { secs: 4 } }, path: 'options.secs' },
    { what: 'an option out of range', asked: { options: { seconds: 4_000 } }, path: 'options.seconds' },
    { what: 'an own option out of range', asked: { options: { 'cut.seconds': 0 } }, path: 'options' },
    {
      what: 'an option of a function that is not asked',
      asked: { options: { 'film.mode': 'a' } },
      path: 'options.film.mode',
    },
    {
      what: 'an option for all of which one function refuses the value',
      asked: { options: { 'sluice-seconds': 50 }, make: ['film'] },
      path: 'options.sluice-seconds',
    },
    { what: 'a function that does not exist', asked: { make: ['flim'] }, path: 'make' },
    {
      what: 'a value that no header can carry',
      asked: { options: { 'cut.seconds': '４' } },
      path: 'options.cut.seconds',
    },
  ])('is refused before a byte is sent: $what', async ({ asked, path }) => {
    const refused = serviceWith().begin({ ...ASKED, ...asked })
    await expect(refused).rejects.toMatchObject({ kind: 'impossible' })
    const { details } = (await refused.catch((error: unknown) => error)) as {
      details: { issues: { path: string }[] }
    }
    expect(details.issues.map((each) => each.path)).toContain(path)
  })

  it('takes a bare option that one of several functions takes, as the runtime does', async () => {
    const right = await serviceWith().begin({ ...ASKED, options: { seconds: 50 }, make: ['film'] })
    expect(right.functions).toEqual(['cut', 'film'])
    const all = serviceWith().begin({ ...ASKED, options: { 'sluice-seconds': 5 }, make: ['film'] })
    expect((await all).functions).toEqual(['cut', 'film'])
  })
})

it('without an account for uploads says which settings it needs', async () => {
  const service = createUploadService({
    storage: { head: () => Promise.resolve(undefined) },
    functions,
    router: createRouter(functions),
    uploads: undefined,
  })
  expect(service.isOn).toBe(false)
  await expect(service.begin(ASKED)).rejects.toThrow(/MINIO_UPLOADER_ACCESS_KEY/)
})

describe('an upload in parts that is completed', () => {
  const asked = {
    bucket: 'incoming',
    key: 'a.mp4',
    parts: [
      { number: 2, etag: '"cd"' },
      { number: 1, etag: 'ab' },
    ],
  }
  const gone = () => Promise.reject(new StorageError('no', { code: 'NoSuchUpload' }))

  it('hands the parts on in their order', async () => {
    const complete = vi.fn<UploadStore['complete']>(() => Promise.resolve())
    expect(await serviceWith({ store: { complete } }).complete('id', asked)).toEqual({
      object: '/v1/objects/incoming?key=a.mp4',
    })
    expect(complete.mock.calls[0]?.[1]).toEqual([
      { number: 1, etag: 'ab' },
      { number: 2, etag: 'cd' },
    ])
  })

  it('a second time, since the first answer was lost, succeeds', async () => {
    const etag = `${createHash('md5').update(Buffer.from('abcd', 'hex')).digest('hex')}-2`
    const head = () => Promise.resolve({ etag, sizeBytes: 1, lastModifiedMs: 0, metadata: {} })
    const again = serviceWith({ head, store: { complete: gone } }).complete('id', asked)
    expect(await again).toEqual({ object: '/v1/objects/incoming?key=a.mp4' })
  })

  it('of an upload that is not there is refused', async () => {
    await expect(serviceWith({ store: { complete: gone } }).complete('id', asked)).rejects.toMatchObject({
      kind: 'conflict',
    })
  })
})

it.each([
  [64 * MIB + 1, 5],
  [5 * 1024 ** 4, 1_000],
])('an object of %d bytes has parts from its first to its last byte: %d', (sizeBytes, count) => {
  const parts = partsOf(sizeBytes)
  expect(parts).toHaveLength(count)
  expect([parts[0]?.from, parts.at(-1)?.to]).toEqual([0, sizeBytes])
  parts.slice(1).forEach((part, index) => expect(part.from).toBe(parts[index]?.to))
})
