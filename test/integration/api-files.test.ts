/** Files of the store through the HTTP interface, as players and browsers ask for them. */
import { beforeAll, describe, expect, it } from 'vitest'
import { createFileService, type FileService } from '../../runtime/api/files/service.ts'
import { defineFunction } from '../../runtime/function/definition.ts'
import { useStore } from '../helpers/store.ts'

const used = useStore({ versioned: ['incoming', 'processed'], plain: ['metadata'] })
const KEY = 'films/a b/ü?#.mp4/chunk/00000.mp4'
const cut = defineFunction({ name: 'cut', version: '1', on: { bucket: 'incoming' } }, (c) => c.json({}))
let files: FileService

const put = (bucket: string, key: string, text: string, contentType: string) =>
  used.storage.put(bucket, key, { bytes: Buffer.from(text) }, { contentType })

interface Ask {
  readonly bucket?: string
  readonly role?: 'reader' | 'operator'
  readonly isSaved?: boolean
  readonly method?: string
  readonly range?: string
  readonly ifNoneMatch?: string
}

const send = (
  key: string,
  { bucket = 'processed', role = 'reader', isSaved = false, method = 'GET', range, ifNoneMatch }: Ask = {},
) =>
  files.send(
    { bucket, key, role, isSaved },
    { method, range, ifNoneMatch, signal: AbortSignal.timeout(10_000) },
  )

beforeAll(async () => {
  files = createFileService({ storage: used.storage, functions: [cut] })
  await put('processed', KEY, '0123456789', 'video/mp4')
  await put('processed', 'page.html', '<script>alert(1)</script>', 'text/html')
  await put('processed', 'image.svg', '<svg onload="alert(1)"/>', 'image/svg+xml')
  await put('incoming', 'source.mp4', 'source', 'video/mp4')
  await put('metadata', 'secret.json', '{}', 'application/json')
})

describe('a file', () => {
  it('is sent whole, as its type, and confined', async () => {
    const answer = await send(KEY)
    expect([answer.status, await answer.text()]).toEqual([200, '0123456789'])
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'content-type': 'video/mp4',
      'content-length': '10',
      'accept-ranges': 'bytes',
      'content-disposition': "inline; filename*=UTF-8''00000.mp4",
      'content-security-policy': expect.stringMatching(/^default-src 'none'; .*sandbox$/),
      'x-content-type-options': 'nosniff',
    })
  })

  it.each([
    ['bytes=2-4', 206, '234', 'bytes 2-4/10'],
    ['bytes=8-', 206, '89', 'bytes 8-9/10'],
    ['bytes=-3', 206, '789', 'bytes 7-9/10'],
    ['bytes=0-1,4-5', 200, '0123456789', null],
  ])('is sent in part for %s', async (range, status, text, contentRange) => {
    const answer = await send(KEY, { range })
    expect([answer.status, await answer.text(), answer.headers.get('content-range')]).toEqual([
      status,
      text,
      contentRange,
    ])
  })

  it('is not sent for a range beyond its end', async () => {
    await expect(send(KEY, { range: 'bytes=10-' })).rejects.toMatchObject({
      facts: { status: 416, headers: { 'content-range': 'bytes */10' } },
    })
  })

  it('is not sent again to callers that have it, nor for HEAD', async () => {
    const head = await send(KEY, { method: 'HEAD' })
    expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, '10', ''])
    const again = await send(KEY, { ifNoneMatch: head.headers.get('etag') ?? '' })
    expect([again.status, await again.text()]).toEqual([304, ''])
  })

  it.each(['page.html', 'image.svg'])('%s, which would be a program, is saved and not shown', async (key) => {
    const { headers } = await send(key)
    expect(headers.get('content-type')).toBe('application/octet-stream')
    expect(headers.get('content-disposition')).toMatch(/^attachment;/)
  })

  it('is saved when asked for so', async () => {
    const { headers } = await send(KEY, { isSaved: true })
    expect(headers.get('content-disposition')).toBe("attachment; filename*=UTF-8''00000.mp4")
  })
})

describe('a file that is not for everybody', () => {
  it('is a source: a reader may not have it, an operator may', async () => {
    await expect(send('source.mp4', { bucket: 'incoming' })).rejects.toMatchObject({ facts: { status: 403 } })
    const answer = await send('source.mp4', { bucket: 'incoming', role: 'operator' })
    expect(await answer.text()).toBe('source')
  })

  it.each([
    { what: 'of a bucket that no function has', bucket: 'metadata', key: 'secret.json' },
    { what: "of the runtime's own folder", bucket: 'processed', key: '~sluice/chunk.json' },
    { what: 'that is not there', bucket: 'processed', key: 'nothing.mp4' },
    { what: 'without a name', bucket: 'processed', key: '' },
  ])('$what is not found', async ({ bucket, key }) => {
    await expect(send(key, { bucket, role: 'operator' })).rejects.toMatchObject({ kind: 'not-found' })
  })
})
