import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { ulid } from 'ulid'
import { isLatestVersion } from '../../runtime/output/manifest.ts'
import type { RunPayload } from '../../runtime/queue/run.ts'
import type { Storage } from '../../runtime/storage/storage.ts'
import { sourceStateOf } from '../../runtime/worker/attempt/attempt.ts'
import { listed } from '../helpers/listed.ts'
import { startTestStore, type TestStore } from '../helpers/store.ts'
import { waitFor } from '../helpers/wait.ts'

let store: TestStore
let storage: Storage
/** The same store without pages of one: its listings omit keys below other objects' keys. */
let forgetful: Storage
let folder: string

beforeAll(async () => {
  store = await startTestStore({ plain: ['plain'], versioned: ['kept'] })
  storage = store.storage
  forgetful = { ...storage, list: (bucket, options) => storage.list(bucket, { ...options, pageSize: 1_000 }) }
})

afterAll(() => store.stop())

beforeEach(() => {
  folder = ulid()
})

const OTHER = { contentType: 'text/plain' }
const put = (bucket: string, key: string, text: string) =>
  storage.put(bucket, key, { bytes: Buffer.from(text) }, OTHER)

/** The upload as its event describes it; from a listing, which has the same milliseconds. */
async function uploaded(bucket: string, key: string, text = 'x'): Promise<RunPayload> {
  await put(bucket, key, text)
  const options = bucket === 'kept' ? { versions: true } : { pageSize: 1 }
  const [found] = await listed(storage.list(bucket, { prefix: key, ...options }))
  if (found?.key !== key) throw new Error(`${key} is not listed`)
  const { etag, versionId, sizeBytes, lastModifiedMs } = found
  const generation = versionId ?? `${etag}@${lastModifiedMs}`
  const version = versionId === undefined ? {} : { versionId }
  return { bucket, key, generation, ...version, etag, sizeBytes, lastModifiedMs, eventTimeMs: lastModifiedMs }
}

/** The answers to both callers: the attempt at its start, and the commit. */
async function answersOf(version: RunPayload, on = storage): Promise<readonly [string, boolean]> {
  const lastModified = new Date(version.lastModifiedMs).toISOString()
  const standing = await sourceStateOf(on, version, AbortSignal.timeout(20_000))
  return [standing.kind, await isLatestVersion(on, { ...version, lastModified })]
}

describe.each(['plain', 'kept'])('in bucket %s', (bucket) => {
  it('the newest upload is the latest, and no older one or one that is gone', async () => {
    const old = await uploaded(bucket, `${folder}/a`, 'old')
    expect(await answersOf(old)).toEqual(['latest', true])
    const young = await uploaded(bucket, `${folder}/a`, 'young')
    expect(await answersOf(old)).toEqual(['superseded', false])
    expect(await answersOf(young)).toEqual(['latest', true])
    await storage.remove(bucket, `${folder}/a`)
    expect(await answersOf(young)).toEqual(['source-gone', false])
  })

  it('an upload below another object’s key is the latest too', async () => {
    const below = await uploaded(bucket, `${folder}/a/b`)
    await put(bucket, `${folder}/a`, 'x')
    // The reason for this test.
    expect(await listed(storage.list(bucket, { prefix: `${folder}/a/b` }))).toEqual([])
    for (const on of [storage, forgetful]) expect(await answersOf(below, on)).toEqual(['latest', true])
    await put(bucket, `${folder}/a/b`, 'another')
    for (const on of [storage, forgetful]) expect(await answersOf(below, on)).toEqual(['superseded', false])
  })
})

it('tells uploads of the same bytes apart without versions, by milliseconds or at least by seconds', async () => {
  const old = await uploaded('plain', `${folder}/a/b`)
  await put('plain', `${folder}/a`, 'x')
  const key = `${folder}/a/b`
  await waitFor(
    async () => {
      await put('plain', key, 'x')
      const head = await storage.head('plain', key)
      return Math.floor(old.lastModifiedMs / 1_000) !== Math.floor((head?.lastModifiedMs ?? 0) / 1_000)
    },
    { timeoutMs: 5_000, what: 'an upload in another second' },
  )
  for (const on of [storage, forgetful]) expect(await answersOf(old, on)).toEqual(['superseded', false])
  const soon = { ...old, key: `${folder}/c` }
  const first = await uploaded('plain', soon.key)
  await uploaded('plain', soon.key)
  expect(await answersOf(first)).toEqual(['superseded', false])
})
