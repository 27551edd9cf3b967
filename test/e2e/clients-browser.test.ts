/** A page uploads with what a server has signed for it by an uploader's account: a PUT, or a form. */
import { Client, type PostPolicy } from 'minio'
import { beforeAll, describe, expect, it } from 'vitest'
import { sha256Hex } from '../helpers/sha256.ts'
import { useAnyStack } from '../helpers/told.ts'

const HOUR_S = 3_600
const used = useAnyStack()
let server: Client

beforeAll(() => {
  const { hostname, port } = new URL(used.stack.minioEndpoint)
  const { accessKey, secretKey } = used.stack.credentials.uploader
  // With a region it asks nobody for it.
  const region = 'us-east-1'
  server = new Client({ endPoint: hostname, port: Number(port), useSSL: false, accessKey, secretKey, region })
})

/** Sends a form as a page does, the file last; the status of the answer. */
async function postForm(
  policy: PostPolicy,
  file: File,
  fields: Readonly<Record<string, string>> = {},
): Promise<number> {
  policy.setBucket('incoming')
  policy.setExpires(new Date(Date.now() + HOUR_S * 1_000))
  const { postURL, formData } = await server.presignedPostPolicy(policy)
  const form = new FormData()
  for (const [name, value] of Object.entries({ ...formData, ...fields })) form.set(name, String(value))
  form.set('file', file)
  const answer = await fetch(postURL, { method: 'POST', body: form })
  await answer.body?.cancel()
  return answer.status
}

describe('a presigned PUT', () => {
  it.each(['page/clip one+1%.mp4', 'page/emoji 🎬#?&=.mp4', `page/it's "so"\n<b>.mp4`])(
    'uploads %j',
    async (key) => {
      const url = await server.presignedPutObject('incoming', key, HOUR_S)
      const answer = await fetch(url, { method: 'PUT', body: new Blob([`of ${key}`]) })
      expect(answer.status).toBe(200)
      await used.onlyRun(key)
      expect(await used.told(key)).toMatchObject({ key, sha256: sha256Hex(`of ${key}`) })
    },
  )

  it('of nothing is a run too', async () => {
    const url = await server.presignedPutObject('incoming', 'page/empty', HOUR_S)
    expect((await fetch(url, { method: 'PUT', body: '' })).status).toBe(200)
    await used.onlyRun('page/empty')
    expect(await used.told('page/empty')).toMatchObject({ bytes: 0 })
  })

  it('may be used twice: the newest upload wins', async () => {
    const url = await server.presignedPutObject('incoming', 'page/twice', HOUR_S)
    for (const [index, body] of ['first', 'second one'].entries()) {
      expect((await fetch(url, { method: 'PUT', body })).status).toBe(200)
      expect((await used.ended('page/twice', index + 1)).at(-1)?.state).toBe('succeeded')
    }
    expect(await used.told('page/twice')).toMatchObject({ bytes: 10 })
  })
})

describe('a form', () => {
  it('uploads under the key that was signed, with metadata as options', async () => {
    const policy = server.newPostPolicy()
    policy.setKey('form/exactly this.mp4')
    policy.setUserMetaData({ note: 'by form' })
    expect(await postForm(policy, new File(['one'], 'holiday.mp4'))).toBe(204)
    await used.onlyRun('form/exactly this.mp4')
    expect(await used.told('form/exactly this.mp4')).toMatchObject({ bytes: 3, note: 'by form' })
  })

  it.each(['clip 1+1%.mp4', 'emoji 🎬.mp4', '0123', '#?&=.mp4'])(
    'may leave the name to the browser: %j',
    async (name) => {
      const policy = server.newPostPolicy()
      policy.setKeyStartsWith('form/')
      const file = new File([`of ${name}`], name)
      expect(await postForm(policy, file, { key: 'form/${filename}' })).toBe(204)
      await used.onlyRun(`form/${name}`)
      expect(await used.told(`form/${name}`)).toMatchObject({ sha256: sha256Hex(`of ${name}`) })
    },
  )

  it('that is larger than was signed, or for another key, is refused and makes no run', async () => {
    const policy = server.newPostPolicy()
    policy.setKey('form/large.bin')
    policy.setContentLengthRange(1, 10)
    expect(await postForm(policy, new File(['more than ten bytes'], 'large.bin'))).toBe(400)
    const other = server.newPostPolicy()
    other.setKey('form/mine.bin')
    expect(await postForm(other, new File(['x'], 'x'), { key: 'form/yours.bin' })).toBe(403)
    for (const key of ['form/large.bin', 'form/mine.bin', 'form/yours.bin'])
      expect(await used.runs.of(key)).toEqual([])
  })
})

it('has made one run of each upload, though every event came twice', async () => {
  const keys = ['page/empty', 'page/emoji 🎬#?&=.mp4', 'form/exactly this.mp4', 'form/0123']
  expect(await used.notDoneOnce(keys)).toEqual([])
})
