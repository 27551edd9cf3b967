import { describe, expect, it } from 'vitest'
import { reprocessRequest } from '../../../../runtime/api/reprocess/model.ts'
import { createRouter } from '../../../../runtime/function/routing.ts'
import type { JobStore, NewJob } from '../../../../runtime/queue/jobs.ts'
import { abridged } from '../../../../runtime/api/jobs/bulk.ts'
import { createReprocessService } from '../../../../runtime/api/reprocess/service.ts'
import type { History } from '../../../../runtime/queue/history.ts'
import type { ListedObject, Storage } from '../../../../runtime/storage/storage.ts'
import { functionNamed, only, storeWith } from '../objects/facts.ts'

const functions = [functionNamed('cut'), { ...functionNamed('hls'), trigger: 'asked' as const }]
const versionOf = (key: string, isLatest = true): ListedObject => ({
  key,
  etag: 'e',
  versionId: `v-${key}-${isLatest}`,
  sizeBytes: 1,
  lastModifiedMs: 0,
  isLatest,
  isDeleteMarker: false,
})

const isThere: Storage['head'] = (_, key) =>
  Promise.resolve({ etag: 'e', versionId: `v-${key}`, sizeBytes: 1, lastModifiedMs: 0, metadata: {} })

function serviceOn(list: Storage['list'], maxObjects?: number, head: Storage['head'] = isThere) {
  const created: NewJob[] = []
  const service = createReprocessService({
    functions,
    storage: storeWith({
      list,
      head,
    }),
    history: only<History>({ runs: (ids) => Promise.resolve(ids.map(() => undefined)) }),
    router: createRouter(functions),
    asks: { write: () => Promise.resolve(), withdraw: () => Promise.resolve() },
    nowMs: () => Promise.resolve(0),
    jobs: only<JobStore>({
      async create(job) {
        created.push(job)
        return {
          ...job,
          id: 'job',
          status: 'running',
          total: 0,
          position: 0,
          handedOut: 0,
          passedOver: 0,
        } as never
      },
    }),
    onJob: () => undefined,
    ...(maxObjects !== undefined && { maxObjects }),
  })
  const ask = (request: object, signal?: AbortSignal) =>
    service.reprocess(reprocessRequest.parse(request), signal).catch((error: unknown) => error)
  return { ask, created }
}

it('examines a limited number of objects and older versions under a prefix, and refuses more', async () => {
  let listed = 0
  const { ask, created } = serviceOn(async function* () {
    for (const key of ['a', 'b', 'c', 'd', 'e']) {
      listed++
      yield versionOf(key, key !== 'b')
    }
  }, 3)
  expect(await ask({ prefix: 'films/' })).toMatchObject({
    kind: 'impossible',
    message: expect.stringMatching(/more than 3 objects .* under incoming\/films\/: use a longer prefix/),
  })
  expect({ listed, created }).toEqual({ listed: 4, created: [] })
})

it('says that a function whose option is given runs only when asked', async () => {
  const { ask, created } = serviceOn(async function* () {})
  expect(await ask({ keys: ['a'], options: { 'hls.seconds': 4 } })).toMatchObject({
    kind: 'impossible',
    message: expect.stringMatching(
      /^options: hls\.seconds: hls runs only when asked, and none of these objects asks for it: name the function as well \("function": "hls"/,
    ),
  })
  expect(created).toEqual([])
})

it('refuses an option of another function than the one that it names', async () => {
  const { ask, created } = serviceOn(async function* () {})
  expect(await ask({ keys: ['a'], function: 'cut', options: { 'HLS.seconds': 4 } })).toMatchObject({
    kind: 'impossible',
    message: 'options: the request is for cut alone, and not for HLS.seconds',
  })
  expect(created).toEqual([])
})

/** Keys of missing objects, each looked up when the test lets it. */
function serviceThatWaits() {
  const looked: { key: string; answer: () => void }[] = []
  const { ask, created } = serviceOn(
    async function* () {},
    undefined,
    async (_, key) => {
      await new Promise<void>((resolve) => looked.push({ key, answer: resolve }))
      return undefined
    },
  )
  const keysOf = (prefix: string, count: number) => Array.from({ length: count }, (_, i) => `${prefix}${i}`)
  return { ask, created, looked, keysOf }
}

describe('several requests', () => {
  it('take turns, so that a small one is done long before the large ones', async () => {
    const { ask, looked, keysOf } = serviceThatWaits()
    const signal = new AbortController()
    const large = ['a', 'b'].map((name) => ask({ keys: keysOf(name, 1_000), dryRun: true }, signal.signal))
    await expect.poll(() => looked.length).toBe(32)
    let isDone = false
    const small = ask({ keys: ['small'], dryRun: true }).finally(() => {
      isDone = true
    })
    for (let answered = 0; !isDone; answered++) {
      await expect.poll(() => isDone || looked.length > answered).toBe(true)
      looked[answered]?.answer()
      expect(answered).toBeLessThan(150)
    }
    expect(await small).toMatchObject({ matched: 0, passedOver: { 'not-found': 1 } })
    // Their clients have gone: nothing more is looked for.
    signal.abort()
    for (const { answer } of looked) answer()
    expect(await Promise.all(large)).toMatchObject([{ kind: 'conflict' }, { kind: 'conflict' }])
    expect(looked.length).toBeLessThan(200)
  })

  it('are refused when too many are in progress, or they would keep too many runs', async () => {
    const { ask, looked, keysOf } = serviceThatWaits()
    const kept = { keys: keysOf('k', 100_000), limit: 100_000 }
    const large = [ask(kept), ask(kept)]
    expect(await ask(kept)).toMatchObject({
      kind: 'conflict',
      message: expect.stringContaining('try again soon'),
    })
    const few = Array.from({ length: 14 }, (_, index) => ask({ keys: [`few${index}`], dryRun: true }))
    expect(await ask({ keys: ['one more'] })).toMatchObject({ kind: 'conflict' })
    expect(looked.map(({ key }) => key)).not.toContain('one more')
    void [large, few]
  })
})

it('selects again after a selection that failed', async () => {
  const { ask } = serviceOn(() => {
    throw new Error('away')
  })
  for (let time = 0; time < 3; time++) expect(await ask({ prefix: '' })).toMatchObject({ message: 'away' })
})

describe('a job', () => {
  const keysOf = (count: number) => Array.from({ length: count }, (_, index) => `k${index}`)

  it('has all its runs, and remembers only the first keys of its request', async () => {
    const { ask, created } = serviceOn(async function* () {})
    await ask({ keys: keysOf(50) })
    expect(created[0]?.items).toHaveLength(50)
    expect(created[0]?.request).toMatchObject({ keys: keysOf(20), keyCount: 50, bucket: 'incoming' })
  })

  it('remembers a short request as it was', () => {
    const request = reprocessRequest.parse({ keys: keysOf(20) })
    expect(abridged(request)).toEqual(request)
  })
})
