import { describe, expect, it } from 'vitest'
import { createRouter } from '../../../../runtime/function/routing.ts'
import type { LimitStore } from '../../../../runtime/records/limits.ts'
import { createObjectService } from '../../../../runtime/api/objects/service.ts'
import type { History } from '../../../../runtime/queue/history.ts'
import type { Queue } from '../../../../runtime/queue/queue.ts'
import type { ListedObject, Storage } from '../../../../runtime/storage/storage.ts'
import { StorageError } from '../../../../runtime/storage/errors.ts'
import { manifestOf } from '../../../helpers/manifest.ts'
import { functionNamed, only, storeWith } from './facts.ts'

/** With an empty Redis. */
function view(storage: Partial<Storage>, key = 'a.mp4') {
  const functions = [
    functionNamed('cut'),
    functionNamed('glue'),
    { ...functionNamed('hls'), trigger: 'asked' as const },
  ]
  return createObjectService({
    storage: storeWith(storage),
    functions,
    router: createRouter(functions),
    queue: only<Queue>({ workers: () => Promise.resolve(1) }),
    history: only<History>({
      announcements: () => Promise.resolve([]),
      runs: (ids) => Promise.resolve(ids.map(() => undefined)),
      unreadable: () => Promise.resolve(new Map()),
    }),
    graceMs: 60_000,
    limits: only<LimitStore>({
      read: () => Promise.resolve({ revision: 0, isPaused: false, concurrency: null } as never),
    }),
  }).view('incoming', key)
}

const MANIFEST = manifestOf({
  function: 'cut',
  source: { key: 'a.mp4' },
  finishedAt: '2026-01-01T00:00:01.000Z',
})

describe('an object that is gone, and that Redis has forgotten', () => {
  it('is explained by the current result', async () => {
    const { summary, functions } = await view({
      readText: async (_, key) =>
        key === 'a.mp4/cut/manifest.json' ? { text: JSON.stringify(MANIFEST), etag: 'm' } : undefined,
    })
    expect(functions).toMatchObject([
      { name: 'cut', reason: 'succeeded', explanation: expect.stringContaining('has been removed') },
      // Not that no event was ever received.
      { name: 'glue', reason: 'gone' },
      { name: 'hls', reason: 'not-asked' },
    ])
    expect(summary).toMatch(/no longer exists\. .*done at 2026-01-01 00:00:01 UTC/)
    expect(summary).not.toContain('spelling')
  })

  it('never existed if there is no result either', async () => {
    const { summary, functions } = await view({})
    expect(functions.map(({ reason }) => reason)).toEqual(['never-there', 'never-there', 'not-asked'])
    expect(summary).toContain('check the spelling')
    expect(summary).not.toContain('make=hls')
  })
})

describe('a key that no object can have', () => {
  const refused = () => Promise.reject(new StorageError('no', { code: 'XMinioInvalidObjectName' }))

  it.each([
    ['films//a.mp4', { head: refused }, 'impossible', 'two in a row'],
    [`@${'0'.repeat(64)}`, {}, 'reserved', 'represent long keys'],
    ['~a.mp4', {}, 'reserved', 'such names are reserved for the runtime'],
  ])('is explained once in the summary and alike by each function: %s', async (key, store, reason, words) => {
    const { summary, functions } = await view(store, key)
    const [one] = functions
    expect(functions.map((each) => [each.reason, each.isMatch])).toEqual([
      [reason, false],
      [reason, false],
      [reason, false],
    ])
    expect(one?.explanation).toContain(words)
    expect(summary).toBe(`incoming/${key}: ${one?.explanation}.`)
  })
})

it('lists only the newest of very many delete markers', async () => {
  let listed = 0
  await view({
    async *list(_, options) {
      if (!options?.versions) return
      for (; listed < 100_000; listed++)
        yield only<ListedObject>({ key: 'a.mp4', versionId: `d${listed}`, etag: '', isDeleteMarker: true })
    },
  })
  expect(listed).toBeLessThan(1_000)
})

it('a piece of a stream is explained with its stream and session', async () => {
  const key = 'streams/cam1/20261129T221841Z-ba02e7/001-000003.ts'
  const { summary, stream } = await view({}, key)
  expect(stream).toMatchObject({ name: 'cam1', session: '20261129T221841Z-ba02e7', take: 1, number: 3 })
  expect(summary).toContain(
    'It is piece 3 of take 1 of stream cam1, session 20261129T221841Z-ba02e7 (sluice streams show cam1).',
  )
})
