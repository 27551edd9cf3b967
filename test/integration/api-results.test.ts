/** The list of results in a real MinIO. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { defineFunction } from '../../runtime/function/definition.ts'
import { createResultService } from '../../runtime/api/results/service.ts'
import { manifestText } from '../../runtime/output/manifest.ts'
import { manifestOf } from '../helpers/manifest.ts'
import { startTestStore, type TestStore } from '../helpers/store.ts'

const ATTEMPT = '01JAAAAAAAAAAAAAAAAAAAAAAA'
const define = (name: string, bucket: string) =>
  defineFunction({ name, version: '1', on: { bucket: 'incoming' }, output: { bucket } }, (c) => c.json({}))
const functions = [define('chunk', 'processed'), define('probe', 'metadata'), define('web', 'processed')]

let store: TestStore
const put = (bucket: string, key: string, text = 'x') =>
  store.storage.put(bucket, key, { bytes: Buffer.from(text) }, { contentType: 'application/json' })

async function putResult(bucket: string, functionName: string, key: string, files = 3): Promise<void> {
  const folder = `${key}/${functionName}`
  const named = Array.from({ length: files }, (_, n) => `${folder}/~${ATTEMPT}/chunk-${n}.mp4`)
  for (const name of named) await put(bucket, name)
  const entries = named.map((name) => ({
    key: name,
    role: 'chunk',
    contentType: 'video/mp4',
    bytes: 1,
    sha256: '0'.repeat(64),
  }))
  const manifest = manifestOf({ function: functionName, source: { key }, files: entries })
  await put(bucket, `${folder}/manifest.json`, manifestText(manifest))
}

beforeAll(async () => {
  store = await startTestStore({ versioned: ['processed', 'metadata'] })
  await putResult('processed', 'chunk', 'films/a.mp4', 50)
  await put('processed', 'films/a.mp4/chunk/poster.jpg')
  await putResult('processed', 'web', 'films/a.mp4')
  await putResult('processed', 'chunk', 'films/b.mp4')
  await putResult('processed', 'chunk', 'other.mp4')
  await putResult('metadata', 'probe', 'films/a.mp4', 0)
  // Of a run that failed, of somebody else, and a verdict.
  await put('processed', `films/c.mp4/chunk/~${ATTEMPT}/chunk-0.mp4`)
  await put('processed', 'films/d/manifest.json', '{"mine":true}')
  await put('metadata', 'films/c.mp4/chunk.verdict.json', '{}')
})
afterAll(() => store.stop())

const listAll = async (filter: { bucket?: string; prefix?: string; function?: string }, limit = 50) => {
  const service = createResultService({ storage: store.storage, functions })
  const names: string[] = []
  let cursor: string | null | undefined
  do {
    const page = await service.list(filter, { limit, ...(cursor && { cursor }) })
    expect(page.items.length).toBeLessThanOrEqual(limit)
    names.push(...page.items.map((item) => `${item.function} ${item.key} ${item.files}`))
    cursor = page.nextCursor
  } while (cursor !== null)
  return names
}

const EVERYTHING = [
  'probe films/a.mp4 0',
  'chunk films/a.mp4 50',
  'web films/a.mp4 3',
  'chunk films/b.mp4 3',
  'chunk other.mp4 3',
]

describe('results', () => {
  it.each([1, 2, 50])('are listed by their manifests in pages of %i, none twice', async (limit) => {
    expect(await listAll({}, limit)).toEqual(EVERYTHING)
  })

  it('are filtered by key prefix, by the bucket of their source and by function', async () => {
    expect(await listAll({ prefix: 'films/' })).toEqual(EVERYTHING.slice(0, 4))
    expect(await listAll({ prefix: 'films/a', function: 'chunk' })).toEqual(['chunk films/a.mp4 50'])
    expect(await listAll({ bucket: 'elsewhere' })).toEqual([])
  })

  it('are found without listing their files', async () => {
    let listed = 0
    const list: TestStore['storage']['list'] = async function* (...call) {
      for await (const each of store.storage.list(...call)) {
        listed++
        yield each
      }
    }
    const service = createResultService({ storage: { ...store.storage, list }, functions })
    const { items } = await service.list({ prefix: 'films/a.mp4' }, { limit: 50 })
    expect(items).toHaveLength(3)
    // Three manifests; the pointer and the 50 chunks behind the first one are passed over.
    expect(listed).toBeLessThanOrEqual(4)
  })

  it('refuse a function that does not exist', async () => {
    await expect(listAll({ function: 'chnk' })).rejects.toMatchObject({
      kind: 'impossible',
      message: 'there is no function "chnk"; available: chunk, probe, web',
    })
  })

  it('refuse a cursor from another list', async () => {
    const service = createResultService({ storage: store.storage, functions })
    await expect(service.list({}, { limit: 1, cursor: 'bm8' })).rejects.toMatchObject({ kind: 'impossible' })
  })
})
