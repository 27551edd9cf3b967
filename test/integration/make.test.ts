/** Functions that run only when asked, on a real MinIO and Redis: what an object asks for is known wherever it is looked at. */
import { expect, it } from 'vitest'
import { defineFunction } from '../../runtime/function/definition.ts'
import { requestedObjects } from '../../runtime/api/reprocess/requested-objects.ts'
import { reprocessRequest } from '../../runtime/api/reprocess/model.ts'
import type { Storage } from '../../runtime/storage/storage.ts'
import { listed } from '../helpers/listed.ts'
import { useSweep } from '../helpers/sweep.ts'

const used = useSweep({ versioned: ['incoming', 'processed', 'metadata'] }, ['always', 'hls', 'poster'])
const functionOf = (name: string, trigger: 'always' | 'asked') =>
  defineFunction({ name, version: '1', on: { bucket: 'incoming' }, trigger }, () => new Response())
const always = functionOf('always', 'always')
const hls = functionOf('hls', 'asked')
const poster = { ...functionOf('poster', 'asked'), askedOn: ['videos/**'] }
const functions = [always, hls, poster]

/** Legal in HTTP, and not the names of elements in XML. */
const ODD_NAMES = ['a!b', "a'b", 'a#b', 'a$b', 'a%b', 'a&b', 'a*b', 'a^b', 'a`b', 'a|b', 'a~b', '1', '-', '.']

async function upload(key: string, metadata: Readonly<Record<string, string>> = {}): Promise<void> {
  await used.storage.put(
    'incoming',
    key,
    { bytes: Buffer.from('x') },
    { contentType: 'text/plain', metadata },
  )
}

const uploadAll = async () => {
  await upload('asks.mp4', { make: 'HLS, hls,nothing' })
  await upload('plain.mp4')
  await upload('empty.mp4', { make: '' })
  await upload('camera.mp4', { make: 'Canon' })
  await upload('videos/ruled.mp4')
  await upload('odd.mp4', { make: 'hls', ...Object.fromEntries(ODD_NAMES.map((name) => [name, '<a>&"]]>'])) })
}

const EXPECTED = [
  'asks.mp4: always, hls',
  'camera.mp4: always',
  'empty.mp4: always',
  'odd.mp4: always, hls',
  'plain.mp4: always',
  'videos/ruled.mp4: always, poster',
]

/** The runs that the queue has, by key. */
async function admitted(): Promise<readonly string[]> {
  const ids = await used.redis.zrange(used.queue.keys.runs, '0', '-1')
  const runs = await Promise.all(ids.map((id) => used.queue.run(id)))
  const keys = new Map<string, string[]>()
  for (const run of runs) {
    const names = keys.get(run?.payload.key ?? '') ?? []
    keys.set(run?.payload.key ?? '', [...names, run?.functionName ?? ''])
  }
  return [...keys].map(([key, names]) => `${key}: ${names.toSorted().join(', ')}`).toSorted()
}

/** A store whose listings have no metadata, as where MinIO's cannot be read. */
const withoutMetadata = (storage: Storage): Storage => ({
  ...storage,
  async *list(bucket, options) {
    for await (const { metadata: _metadata, ...row } of storage.list(bucket, options)) yield row
  },
})

it.each(['with', 'without'] as const)(
  'the sweep makes what each object asks for, %s metadata in the listing',
  async (how) => {
    await uploadAll()
    const storage = how === 'with' ? used.storage : withoutMetadata(used.storage)
    await used.runAll(used.partsOf(functions, { storage }), await used.fullPass())
    expect(await admitted()).toEqual(EXPECTED)
  },
)

it('a listing has the metadata of each version, whatever their names', async () => {
  await uploadAll()
  const rows = await listed(used.storage.list('incoming', { versions: true, metadata: true, prefix: 'odd' }))
  expect(rows[0]?.metadata).toMatchObject({ 'X-Amz-Meta-Make': 'hls', 'content-type': 'text/plain' })
  const plain = await listed(
    used.storage.list('incoming', { versions: true, metadata: true, prefix: 'plain' }),
  )
  // Never absent, or each object without metadata would cost a request.
  expect(plain[0]?.metadata).toMatchObject({ 'content-type': 'text/plain' })
})

it('a request for a prefix knows what its objects ask for, and one that names a function does not look', async () => {
  await uploadAll()
  const makes = async (rest: object, storage = used.storage) => {
    const request = reprocessRequest.parse({ ...rest })
    const groups = []
    for await (const group of requestedObjects({ storage, functions }, request, () => undefined))
      groups.push(...group)
    return groups.map(({ key, make }) => `${key}: ${make.join(' ')}`)
  }
  const asks = [
    'asks.mp4: hls nothing',
    'camera.mp4: canon',
    'empty.mp4: ',
    'odd.mp4: hls',
    'plain.mp4: ',
    'videos/ruled.mp4: ',
  ]
  expect(await makes({ prefix: '' })).toEqual(asks)
  expect(await makes({ prefix: '' }, withoutMetadata(used.storage))).toEqual(asks)
  expect(await makes({ keys: ['asks.mp4', 'odd.mp4'] })).toEqual(['asks.mp4: hls nothing', 'odd.mp4: hls'])
  expect(await makes({ prefix: 'asks', function: 'hls' })).toEqual(['asks.mp4: '])
})
