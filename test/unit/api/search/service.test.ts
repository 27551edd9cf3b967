import { describe, expect, it } from 'vitest'
import { createSearchService, type SearchParts } from '../../../../runtime/api/search/service.ts'
import { isMeantBy } from '../../../../runtime/queue/run-filter.ts'
import { encodePayload } from '../../../../runtime/queue/run-record.ts'
import { StorageError } from '../../../../runtime/storage/errors.ts'
import type { ListedObject } from '../../../../runtime/storage/storage.ts'
import { functionNamed, runOf } from '../objects/facts.ts'

const ID = 'deadbeef'.padEnd(32, '0')
const OBJECTS: Readonly<Record<string, readonly string[]>> = {
  incoming: ['films/holiday.mp4', 'films/winter.mp4', 'holiday', 'holiday/a.mp4', 'holiday/b.mp4'],
  processed: ['films/holiday.mp4/cut/manifest.json'],
}
const head = { etag: 'e', sizeBytes: 10, lastModifiedMs: 0, metadata: {} }
const run = runOf(
  { payload: encodePayload({ ...runOf().payload, key: 'old/Our Holiday.mov', sizeBytes: 20 }) },
  ID,
)

const listed: string[] = []
const createService = (rest: Partial<SearchParts['storage']> = {}) =>
  createSearchService({
    functions: [functionNamed('cut'), functionNamed('probe')],
    history: {
      runs: (ids) => Promise.resolve(ids.map((id) => (id === ID ? run : undefined))),
      runsBeginning: (digits) => Promise.resolve(ID.startsWith(digits) ? [ID] : []),
      list: ({ filter }) => Promise.resolve({ runs: isMeantBy(filter, run) ? [run] : [] }),
    },
    storage: {
      head: (bucket, key) => Promise.resolve(OBJECTS[bucket]?.includes(key) ? head : undefined),
      async *list(bucket, { prefix = '' } = {}) {
        listed.push(bucket)
        for (const key of OBJECTS[bucket] ?? [])
          if (key.startsWith(prefix))
            yield { ...head, key, isLatest: true, isDeleteMarker: false } satisfies ListedObject
      },
      ...rest,
    },
  })
const search = async (text: string, limit?: number) => {
  const { items, ...rest } = await createService().search(text, limit)
  const found = items.map((item) =>
    item.kind === 'run' ? `run ${item.run.id}` : `${item.match} ${item.bucket}/${item.key}`,
  )
  return { found, ...rest }
}

describe('a search', () => {
  it('finds the key itself, then keys that start with the text, then those of known runs that contain it, each once', async () => {
    expect(await search('  holiday ')).toEqual({
      found: [
        'exact incoming/holiday',
        'prefix incoming/holiday/a.mp4',
        'prefix incoming/holiday/b.mp4',
        'contains incoming/old/Our Holiday.mov',
      ],
      isCut: false,
    })
  })

  it.each([ID, 'deadbeef', 'DEADBEEF0'])('finds a run by its id, also shortened: %s', async (text) => {
    expect(await search(text)).toEqual({ found: [`run ${ID}`], isCut: false })
  })

  it('takes a bucket before the key, also one of results, with or without a slash before it', async () => {
    const object = { bucket: 'processed', key: 'films/' }
    const found = ['prefix processed/films/holiday.mp4/cut/manifest.json']
    expect(await search('processed/films/')).toEqual({ found, isCut: false, object })
    expect(await search('/processed/films/')).toEqual({ found, isCut: false, object })
  })

  it('names the object that was meant when there is nothing, so that it can be asked why', async () => {
    const object = { bucket: 'incoming', key: 'never/there.mp4' }
    expect(await search('incoming/never/there.mp4')).toEqual({ found: [], isCut: false, object })
  })

  it('says when there are more', async () => {
    expect(await search('holiday', 2)).toEqual({
      found: ['exact incoming/holiday', 'prefix incoming/holiday/a.mp4'],
      isCut: true,
    })
  })

  it('asks each bucket once, and nothing for blanks', async () => {
    listed.length = 0
    await search('films')
    expect(listed).toEqual(['incoming'])
    expect(await search('   ')).toEqual({ found: [], isCut: false })
  })

  it.each(['XMinioInvalidObjectName', 'NoSuchBucket'])(
    'finds no object that there cannot be: %s',
    async (code) => {
      const error = new StorageError('no', { code, statusCode: 400 })
      const service = createService({
        head: () => Promise.reject(error),
        list: () => {
          throw error
        },
      })
      expect(await service.search('a/../holiday')).toMatchObject({ items: [] })
    },
  )

  it('fails when the store does not answer: nothing found would be a lie', async () => {
    const head = () => Promise.reject(new StorageError('no', { code: 'ECONNREFUSED' }))
    await expect(createService({ head }).search('holiday')).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  })
})
