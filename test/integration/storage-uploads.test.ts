/** Uploads as browsers send them: with a URL and nothing else, whole and in parts. */
import { beforeAll, describe, expect, it } from 'vitest'
import { createUploadStore, type UploadStore } from '../../runtime/storage/uploads.ts'
import { useStore } from '../helpers/store.ts'

const used = useStore({ versioned: ['incoming'] })
const KEY = 'a b/ü?#.mp4'
/** The smallest part that S3 takes, but for the last one. */
const PART = Buffer.alloc(5 * 1024 * 1024, 'x')
let uploads: UploadStore

beforeAll(() => {
  const { endpoint, region, credentials } = used.options
  uploads = createUploadStore({ endpoint, publicEndpoint: endpoint, region, credentials })
  return () => uploads.close()
})

const put = (url: string, body: Uint8Array<ArrayBuffer> | string, headers: Record<string, string> = {}) =>
  fetch(url, { method: 'PUT', body, headers })

describe('an object', () => {
  it('is stored by a URL, with the metadata that the URL covers', async () => {
    const metadata = { 'chunk.seconds': '4', make: 'hls,poster' }
    const url = uploads.putUrl({ bucket: 'incoming', key: KEY }, metadata, 60)
    const answer = await put(url, 'hello', { 'content-type': 'video/mp4' })
    expect(answer.status).toBe(200)
    const head = await used.storage.head('incoming', KEY)
    expect(head).toMatchObject({ sizeBytes: 5, contentType: 'video/mp4', metadata })
  })

  it('is not stored by a URL whose options were changed', async () => {
    const url = uploads.putUrl({ bucket: 'incoming', key: 'changed.mp4' }, { 'chunk.seconds': '4' }, 60)
    const answer = await put(url.replace('seconds=4', 'seconds=5'), 'hello')
    expect([answer.status, await used.storage.head('incoming', 'changed.mp4')]).toEqual([403, undefined])
  })

  it('may be sent from a page of another origin', async () => {
    const url = uploads.putUrl({ bucket: 'incoming', key: KEY }, {}, 60)
    const headers = {
      origin: 'https://sluice.example',
      'access-control-request-method': 'PUT',
      'access-control-request-headers': 'content-type,if-none-match',
    }
    const answer = await fetch(url, { method: 'OPTIONS', headers })
    expect(answer.headers.get('access-control-allow-origin')).toMatch(/^(?:\*|https:\/\/sluice\.example)$/)
    expect(answer.headers.get('access-control-allow-headers')?.toLowerCase()).toContain('if-none-match')
  })

  it('that is there is not replaced when asked so', async () => {
    const url = uploads.putUrl({ bucket: 'incoming', key: KEY }, {}, 60)
    expect((await put(url, 'other', { 'if-none-match': '*' })).status).toBe(412)
  })
})

describe('an upload in parts', () => {
  const target = { bucket: 'incoming', key: 'parts/ü.mp4' }

  it('becomes one object, with its type and metadata, whatever order its parts came in', async () => {
    const metadata = { seconds: '4' }
    const upload = await uploads.begin(target, { contentType: 'video/mp4', metadata })
    const of = { ...target, upload }
    const second = await put(uploads.partUrl(of, 2, 60), 'end')
    const first = await put(uploads.partUrl(of, 1, 60), PART)
    const etags = [first, second].map(({ headers }) => (headers.get('etag') ?? '').replaceAll('"', ''))
    await uploads.complete(
      of,
      etags.map((etag, index) => ({ number: index + 1, etag })),
    )
    expect(await used.storage.head(target.bucket, target.key)).toMatchObject({
      sizeBytes: PART.length + 3,
      contentType: 'video/mp4',
      metadata,
      etag: expect.stringMatching(/-2$/),
    })
  })

  it('whose parts were never sent is refused', async () => {
    const upload = await uploads.begin({ ...target, key: 'never.mp4' }, { metadata: {} })
    const complete = uploads.complete({ ...target, key: 'never.mp4', upload }, [
      { number: 1, etag: 'a'.repeat(32) },
    ])
    await expect(complete).rejects.toMatchObject({ code: 'InvalidPart' })
  })

  it('that was given up is gone, also when it is given up twice', async () => {
    const of = {
      ...target,
      key: 'gone.mp4',
      upload: await uploads.begin({ ...target, key: 'gone.mp4' }, { metadata: {} }),
    }
    await uploads.abort(of)
    await uploads.abort(of)
    expect((await put(uploads.partUrl(of, 1, 60), 'x')).status).toBe(404)
    await expect(uploads.complete(of, [{ number: 1, etag: 'a'.repeat(32) }])).rejects.toMatchObject({
      code: 'NoSuchUpload',
    })
  })
})
