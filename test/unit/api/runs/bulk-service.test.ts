import { describe, expect, it } from 'vitest'
import { cancelRunsRequest, retryRunsRequest } from '../../../../runtime/api/runs/bulk-model.ts'
import { createRunBulkService } from '../../../../runtime/api/runs/bulk-service.ts'
import type { History } from '../../../../runtime/queue/history.ts'
import type { JobStore, NewJob } from '../../../../runtime/queue/jobs.ts'
import { isMeantBy, type RunFilter } from '../../../../runtime/queue/run-filter.ts'
import type { RunState } from '../../../../runtime/queue/run.ts'
import { functionNamed, only, runOf, storeWith } from '../objects/facts.ts'

const idOf = (digit: string) => digit.repeat(32)
const STATES: Readonly<Record<string, RunState>> = {
  '1': 'dead',
  '2': 'cancelled',
  '3': 'succeeded',
  '4': 'running',
  '5': 'queued',
  '6': 'superseded',
  '7': 'source-gone',
}
const runs = [
  ...Object.entries(STATES).map(([digit, state]) => runOf({ state, epoch: digit }, idOf(digit))),
  runOf({ state: 'dead', fn: 'gone' }, idOf('8')),
]

/** @param isLatest - whether the store still has the version of the runs */
function createService({ isLatest = true }: { readonly isLatest?: boolean } = {}) {
  const created: NewJob[] = []
  const asked: string[] = []
  const find = (filter: RunFilter) => runs.filter((run) => isMeantBy(filter, run))
  const found = (some: typeof runs) =>
    some.map(({ runId, functionName }) => ({ runId, functionName, sizeBytes: 10 }))
  const byIds = (ids: readonly string[]) => ids.map((id) => runs.find(({ runId }) => runId === id))
  const service = createRunBulkService({
    history: only<History>({
      runs: (ids) => Promise.resolve(byIds(ids)),
      states: (ids) =>
        Promise.resolve(byIds(ids).map((run) => run && { state: run.state, epoch: String(run.epoch) })),
      async *walkRuns({ filter }) {
        yield found(find(filter))
      },
      async *pickRuns(ids, filter) {
        yield found(find(filter).filter(({ runId }) => ids.includes(runId)))
      },
    }),
    jobs: only<JobStore>({
      async create(job) {
        created.push(job)
        return { ...job, id: 'job', status: 'running', createdAtMs: 0 } as never
      },
    }),
    storage: storeWith({
      head(_, key) {
        asked.push(key)
        const head = { etag: 'e', versionId: 'v1', sizeBytes: 10, lastModifiedMs: 0, metadata: {} }
        return Promise.resolve(isLatest ? head : undefined)
      },
    }),
    functions: [functionNamed('cut')],
    onJob: () => undefined,
  })
  const ids = () => created.flatMap(({ items }) => items.map(({ runId }) => runId[0]))
  return { service, created, asked, ids }
}

const all = runs.map(({ runId }) => runId)
const retry = (request: object) => retryRunsRequest.parse(request)
const cancel = (request: object) => cancelRunsRequest.parse(request)

describe('running many again', () => {
  it('takes of a filter what failed, and of named runs all that have no result', async () => {
    const filtered = createService()
    await filtered.service.retry(retry({ prefix: '' }))
    expect(filtered.ids()).toEqual(['1', '2'])
    const named = createService()
    await named.service.retry(retry({ runs: all }))
    expect(named.ids()).toEqual(['1', '2', '6', '7'])
    expect(named.created[0]).toMatchObject({
      kind: 'retry',
      isForced: false,
      items: [{ seenEpoch: '1' }, {}, {}, {}],
    })
  })

  it('says in its preview how many are left out, and why', async () => {
    const { service, created } = createService()
    const unknown = idOf('0')
    expect(await service.retry(retry({ runs: [...all, unknown], dryRun: true }))).toMatchObject({
      matched: 4,
      totalBytes: 40,
      sample: [{ function: 'cut', key: 'a.mp4' }, {}, {}, {}],
      passedOver: { busy: 2, succeeded: 1, 'not-served': 1, 'not-found': 1 },
    })
    expect(created).toEqual([])
  })

  it('leaves out those whose source is no longer the latest, which only the store knows', async () => {
    const { service, asked } = createService({ isLatest: false })
    const preview = await service.retry(retry({ runs: [idOf('1'), idOf('6'), idOf('7')], dryRun: true }))
    expect(preview).toMatchObject({ matched: 1, passedOver: { 'source-gone': 2 } })
    expect(asked).toHaveLength(2)
  })

  it('takes all with force', async () => {
    const { service, ids, created } = createService()
    await service.retry(retry({ runs: all, force: true, ratePerSecond: 2 }))
    expect(ids()).toEqual(['1', '2', '3', '4', '5', '6', '7'])
    expect(created[0]).toMatchObject({ isForced: true, ratePerSecond: 2 })
  })

  it('does nothing when more match than the limit', async () => {
    const { service, created } = createService()
    await expect(service.retry(retry({ prefix: '', limit: 1 }))).rejects.toMatchObject({
      kind: 'impossible',
      details: { matched: 2, limit: 1 },
    })
    expect(created).toEqual([])
  })

  it('ends when its client has gone', async () => {
    const { service } = createService()
    await expect(service.retry(retry({ prefix: '' }), AbortSignal.abort())).rejects.toMatchObject({
      kind: 'conflict',
    })
  })
})

describe('cancelling many', () => {
  it('takes what waits or runs, also of functions that are not served, and passes over what has ended', async () => {
    const filtered = createService()
    await filtered.service.cancel(cancel({ function: 'cut' }))
    expect(filtered.ids()).toEqual(['4', '5'])
    expect(filtered.created[0]).toMatchObject({ kind: 'cancel', isForced: false })
    const { service } = createService()
    expect(await service.cancel(cancel({ runs: all, dryRun: true }))).toMatchObject({
      matched: 2,
      passedOver: { dead: 2, cancelled: 1, succeeded: 1, superseded: 1, 'source-gone': 1 },
    })
  })
})

it.each([
  {},
  { dryRun: true },
  { limit: 5 },
  { runs: all, function: 'cut' },
  { status: [] },
  { function: '' },
])('a request must say which runs, by ids or by a filter: %o does not', (request) => {
  expect(cancelRunsRequest.safeParse(request).success).toBe(false)
  expect(retryRunsRequest.safeParse(request).success).toBe(false)
})
