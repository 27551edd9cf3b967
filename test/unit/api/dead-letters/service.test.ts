import { describe, expect, it } from 'vitest'
import { purgeRequest, redriveRequest } from '../../../../runtime/api/dead-letters/model.ts'
import type { JobStore, NewJob } from '../../../../runtime/queue/jobs.ts'
import { createDeadLetterService } from '../../../../runtime/api/dead-letters/service.ts'
import type { History } from '../../../../runtime/queue/history.ts'
import type { Queue } from '../../../../runtime/queue/queue.ts'
import { isMeantBy } from '../../../../runtime/queue/run-filter.ts'
import { functionNamed, only, runOf } from '../objects/facts.ts'

const [CUT, OTHER, DONE] = ['1', '2', '3'].map((digit) => digit.repeat(32)) as [string, string, string]
const DEAD = { state: 'dead', reason: 'exhausted', endedAt: '1000' }
const known = new Map([
  [CUT, runOf(DEAD, CUT)],
  [OTHER, runOf({ ...DEAD, fn: 'gone' }, OTHER)],
  [DONE, runOf({ state: 'succeeded' }, DONE)],
])

function createService() {
  const created: NewJob[] = []
  const purged: string[] = []
  const service = createDeadLetterService({
    queue: only<Queue>({
      async purge(ids) {
        purged.push(...ids)
        return ids.length
      },
    }),
    history: only<History>({
      runs: (ids) => Promise.resolve(ids.map((id) => known.get(id))),
      async *pickDeadLetters(ids, filter) {
        const runs = ids.map((id) => known.get(id)).filter((run) => run !== undefined)
        yield runs
          .filter((run) => run.state === 'dead' && isMeantBy(filter, run))
          .map(({ runId, functionName }) => ({ runId, functionName, sizeBytes: 10 }))
      },
    }),
    jobs: only<JobStore>({
      async create(job) {
        created.push(job)
        return { ...job, id: 'job', status: 'running', createdAtMs: 0 } as never
      },
    }),
    functions: [functionNamed('cut')],
    onJob: () => undefined,
  })
  return { service, created, purged }
}

const preview = (request: object) =>
  createService().service.redrive(redriveRequest.parse({ dryRun: true, ...request }))

describe('named dead letters', () => {
  it.each([
    [{}, 1],
    [{ reason: 'exhausted', function: 'cut', bucket: 'incoming', prefix: 'a' }, 1],
    [{ function: 'glue' }, 0],
    [{ reason: 'permanent' }, 0],
    [{ bucket: 'other' }, 0],
    [{ prefix: 'b' }, 0],
    [{ since: new Date(1_000).toISOString() }, 1],
    [{ since: new Date(1_001).toISOString() }, 0],
    [{ until: new Date(1_001).toISOString() }, 1],
    [{ until: new Date(1_000).toISOString() }, 0],
  ])('with %j are %i', async (filter, matched) => {
    expect(await preview({ runs: [CUT, DONE], ...filter })).toMatchObject({ matched })
    const { service, purged } = createService()
    await service.purge(purgeRequest.parse({ runs: [CUT, DONE], ...filter }))
    expect(purged).toHaveLength(matched)
  })
})

describe('dead letters of a function that is not served here', () => {
  it('are passed over and counted', async () => {
    expect(await preview({ runs: [CUT, OTHER] })).toMatchObject({
      matched: 1,
      passedOver: { 'not-served': 1 },
    })
    const { service, created } = createService()
    await service.redrive(redriveRequest.parse({ runs: [CUT, OTHER] }))
    expect(created[0]?.items).toEqual([{ runId: CUT }])
  })

  it('are refused when there are no others, and may be purged', async () => {
    const { service, created, purged } = createService()
    await expect(service.redrive(redriveRequest.parse({ runs: [OTHER] }))).rejects.toMatchObject({
      kind: 'impossible',
      message: expect.stringContaining('gone, which is not served here'),
    })
    expect(created).toEqual([])
    await service.purge(purgeRequest.parse({ runs: [OTHER] }))
    expect(purged).toEqual([OTHER])
  })
})
