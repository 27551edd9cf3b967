import { describe, expect, it } from 'vitest'
import { reprocessRequest } from '../../../runtime/api/model/job.ts'
import { createRouter } from '../../../runtime/intake/routing.ts'
import type { JobStore, NewJob } from '../../../runtime/jobs/job-store.ts'
import { shortened } from '../../../runtime/operations/bulk.ts'
import { createReprocessService } from '../../../runtime/operations/reprocess.ts'
import type { History } from '../../../runtime/queue/history.ts'
import type { ListedObject, Storage } from '../../../runtime/storage/storage.ts'
import { functionNamed, only, storeWith } from './facts.ts'

const functions = [functionNamed('cut')]
const versionOf = (key: string, isLatest = true): ListedObject => ({
  key,
  etag: 'e',
  versionId: `v-${key}-${isLatest}`,
  sizeBytes: 1,
  lastModifiedMs: 0,
  isLatest,
  isDeleteMarker: false,
})

function serviceOn(list: Storage['list'], maxObjects?: number) {
  const created: NewJob[] = []
  const service = createReprocessService({
    functions,
    storage: storeWith({
      list,
      head: (_, key) =>
        Promise.resolve({ etag: 'e', versionId: `v-${key}`, sizeBytes: 1, lastModifiedMs: 0, metadata: {} }),
    }),
    history: only<History>({ runs: (ids) => Promise.resolve(ids.map(() => undefined)) }),
    router: createRouter(functions),
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
  const ask = (request: object) =>
    service.reprocess(reprocessRequest.parse(request)).catch((error: unknown) => error)
  return { ask, created }
}

it('looks at so many objects and older versions below a prefix, and refuses more', async () => {
  let listed = 0
  const { ask, created } = serviceOn(async function* () {
    for (const key of ['a', 'b', 'c', 'd', 'e']) {
      listed++
      yield versionOf(key, key !== 'b')
    }
  }, 3)
  expect(await ask({ prefix: 'films/' })).toMatchObject({
    status: 422,
    message: expect.stringMatching(/more than 3 objects .* below incoming\/films\/: ask for a longer prefix/),
  })
  expect({ listed, created }).toEqual({ listed: 4, created: [] })
})

it('selects for two requests at a time, and refuses a third until one is through', async () => {
  const waiting: (() => void)[] = []
  const { ask } = serviceOn(async function* () {
    await new Promise<void>((resolve) => waiting.push(resolve))
    yield versionOf('a')
  })
  const request = { prefix: '', dryRun: true }
  const first = [ask(request), ask(request)]
  expect(await ask(request)).toMatchObject({
    status: 409,
    message: expect.stringContaining('try again soon'),
  })
  for (const go of waiting) go()
  expect(await Promise.all(first)).toMatchObject([{ matched: 1 }, { matched: 1 }])
  const next = ask(request)
  await expect.poll(() => waiting.length).toBe(3)
  waiting[2]?.()
  expect(await next).toMatchObject({ matched: 1 })
})

it('selects again after a selection that failed', async () => {
  const { ask } = serviceOn(() => {
    throw new Error('away')
  })
  for (let time = 0; time < 3; time++) expect(await ask({ prefix: '' })).toMatchObject({ message: 'away' })
})

describe('a job', () => {
  const keysOf = (count: number) => Array.from({ length: count }, (_, index) => `k${index}`)

  it('has all its runs, and remembers of its request no more than the first keys', async () => {
    const { ask, created } = serviceOn(async function* () {})
    await ask({ keys: keysOf(50) })
    expect(created[0]?.items).toHaveLength(50)
    expect(created[0]?.request).toMatchObject({ keys: keysOf(20), keyCount: 50, bucket: 'incoming' })
  })

  it('remembers a short request as it was', () => {
    const request = reprocessRequest.parse({ keys: keysOf(20) })
    expect(shortened(request)).toEqual(request)
  })
})
