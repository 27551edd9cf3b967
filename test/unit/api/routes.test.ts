import { describe, expect, it } from 'vitest'
import { createFunctionService, type FunctionParts } from '../../../runtime/api/functions/service.ts'
import { createJobService, type JobParts } from '../../../runtime/api/jobs/service.ts'
import { createRunService, type RunParts } from '../../../runtime/api/runs/service.ts'
import { createSweepService, type SweepServiceParts } from '../../../runtime/api/sweep/service.ts'
import type { JobStore } from '../../../runtime/queue/jobs.ts'
import type { Queue } from '../../../runtime/queue/queue.ts'
import { FUNCTION, JOB, PASS, RESULT, RUN, RUN_ID } from './examples.ts'
import { functionNamed, only, runOf } from './objects/facts.ts'
import { createTestApi, type Answers } from './test-api.ts'

const pageOf = <T>(...items: readonly T[]) => ({ items, nextCursor: null })
const PREVIEW = { matched: 1, totalBytes: 1, sample: [], passedOver: {} }

const { id: _id, cause: _cause, status: _status, startedAt: _start, endedAt: _end, ...found } = PASS
const SWEEP_PREVIEW = { ...found, sample: [] }

const ANSWERS: Answers = {
  runs: {
    list: () => Promise.resolve(pageOf(RUN)),
    get: () => Promise.resolve(RUN),
    retry: () => Promise.resolve(RUN),
  },
  deadLetters: {
    list: () => Promise.resolve(pageOf(RUN)),
    redrive: ({ dryRun }) => Promise.resolve(dryRun ? PREVIEW : JOB),
  },
  reprocess: { reprocess: () => Promise.resolve(JOB) },
  jobs: { list: () => Promise.resolve(pageOf()) },
  functions: {
    list: () => Promise.resolve([FUNCTION]),
    get: () => Promise.resolve(FUNCTION),
    pause: () => Promise.resolve({ ...FUNCTION, isPaused: true }),
    resume: () => Promise.resolve(FUNCTION),
    setConcurrency: (_, limit) => Promise.resolve({ ...FUNCTION, concurrency: limit ?? 2 }),
  },
  results: { list: () => Promise.resolve(pageOf(RESULT)) },
  sweep: {
    view: () => Promise.resolve({ passes: [PASS] }),
    sweep: ({ dryRun, kind }) =>
      Promise.resolve(dryRun ? SWEEP_PREVIEW : { ...PASS, kind, status: 'waiting' }),
  },
}

const functions = [functionNamed('cut')]
/** The real services, on a Redis that knows one run, which is dead, and nothing else. */
const REAL: Answers = {
  runs: createRunService(
    only<RunParts>({
      functions,
      queue: only<Queue>({
        run: (id) => Promise.resolve(id === RUN_ID ? runOf({ state: 'dead' }, RUN_ID) : undefined),
        cancel: () => Promise.resolve('dead'),
      }),
    }),
  ),
  functions: createFunctionService(only<FunctionParts>({ functions, storage: only({}) })),
  jobs: createJobService(only<JobParts>({ jobs: only<JobStore>({ get: () => Promise.resolve(undefined) }) })),
  sweep: createSweepService(only<SweepServiceParts>({ functions })),
}

async function ask(path: string, method = 'GET', body?: unknown, answers = ANSWERS) {
  const { app, calls } = createTestApi(answers)
  const init =
    body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
  const response = await app.request(path, { method, ...init })
  const answer = (await response.json()) as Record<string, unknown>
  return { status: response.status, location: response.headers.get('location'), answer, calls }
}

describe('lists of runs', () => {
  it('are filtered by the query, with times as numbers', async () => {
    const query =
      'function=cut&bucket=incoming&prefix=a%2Fb+c&since=2026-01-01T00:00:00Z&until=2026-01-01T02:00:00.5%2B01:00&limit=7&cursor=c'
    const { calls, answer } = await ask(`/v1/runs?${query}&status=dead,running&status=queued`)
    const filter = {
      function: 'cut',
      bucket: 'incoming',
      prefix: 'a/b c',
      sinceMs: Date.UTC(2026, 0, 1),
      untilMs: Date.UTC(2026, 0, 1, 1, 0, 0, 500),
    }
    const page = { limit: 7, cursor: 'c' }
    expect(calls).toEqual([
      { name: 'runs.list', args: [{ ...filter, status: ['dead', 'running', 'queued'] }, page] },
    ])
    expect(answer).toEqual({ items: [RUN], nextCursor: null })

    const dead = await ask(`/v1/dead-letters?${query}&reason=exhausted`)
    expect(dead.calls).toEqual([
      { name: 'deadLetters.list', args: [{ ...filter, reason: 'exhausted' }, page] },
    ])
  })

  it('have fifty runs of all kinds by default', async () => {
    const { calls } = await ask('/v1/runs')
    expect(calls).toMatchObject([{ args: [{}, { limit: 50 }] }])
  })

  it.each([
    { query: 'limit=0', path: 'limit' },
    { query: 'limit=1001', path: 'limit' },
    { query: 'limit=1&limit=2', path: 'limit' },
    { query: 'status=dead,lost', path: 'status.1' },
    { query: 'status=', path: 'status.0' },
    { query: 'since=yesterday', path: 'since' },
    { query: 'until=2026-02-30T00:00:00Z', path: 'until' },
    { query: 'functoin=cut', path: '' },
  ])('are refused for ?$query', async ({ query, path }) => {
    const { status, answer, calls } = await ask(`/v1/runs?${query}`)
    expect(status).toBe(400)
    expect(answer['issues']).toEqual([{ path, message: expect.any(String) }])
    expect(calls).toEqual([])
  })
})

describe('a resource', () => {
  it.each([
    { path: `/v1/runs/${RUN_ID}`, answer: RUN },
    { path: '/v1/functions/cut', answer: FUNCTION },
    { path: '/v1/functions', answer: { items: [FUNCTION], nextCursor: null } },
    { path: '/v1/results', answer: { items: [RESULT], nextCursor: null } },
    { path: '/v1/jobs', answer: { items: [], nextCursor: null } },
  ])('is at $path', async ({ path, answer }) => {
    expect(await ask(path)).toMatchObject({ status: 200, answer })
  })

  it.each([
    { path: `/v1/runs/${'0'.repeat(32)}`, method: 'GET' },
    { path: `/v1/runs/${'0'.repeat(32)}/retry`, method: 'POST' },
    { path: '/v1/functions/none', method: 'GET' },
    { path: '/v1/functions/none/resume', method: 'POST' },
    { path: '/v1/jobs/none', method: 'GET' },
    { path: '/v1/jobs/none', method: 'DELETE' },
  ])('is a 404 that names it when it does not exist: $method $path', async ({ path, method }) => {
    const { status, answer } = await ask(path, method, undefined, REAL)
    expect(status).toBe(404)
    expect(answer['detail']).toMatch(/there is no (run|function|job) "?(0{32}|none)/)
  })

  it('is a 400 when its id is not valid', async () => {
    expect(await ask('/v1/runs/42')).toMatchObject({ status: 400, answer: { issues: [{ path: 'id' }] } })
  })
})

describe('an action', () => {
  it('is a job that can be followed, or for a dry run a preview', async () => {
    expect(await ask('/v1/reprocess', 'POST', { keys: ['a'] })).toMatchObject({
      status: 202,
      location: `/v1/jobs/${JOB.id}`,
      answer: { id: JOB.id },
      calls: [
        {
          args: [
            { bucket: 'incoming', keys: ['a'], status: 'any', force: false, limit: 1_000 },
            expect.any(AbortSignal),
          ],
        },
      ],
    })
    const redrive = await ask('/v1/dead-letters/redrive', 'POST', { reason: 'permanent', dryRun: true })
    expect(redrive).toMatchObject({ status: 200, location: null, answer: { matched: 1 } })
  })

  it('is a sweep that is followed at its own address, a full one by default', async () => {
    expect(await ask('/v1/sweep', 'POST', {})).toMatchObject({
      status: 202,
      location: '/v1/sweep',
      answer: { id: PASS.id, status: 'waiting' },
      calls: [{ name: 'sweep.sweep', args: [{ kind: 'full', dryRun: false }, expect.any(AbortSignal)] }],
    })
    const part = { kind: 'recent', dryRun: true, bucket: 'incoming', prefix: 'a b/' }
    expect(await ask('/v1/sweep', 'POST', part)).toMatchObject({
      status: 200,
      location: null,
      answer: { healed: PASS.healed, sample: [] },
      calls: [{ args: [part, expect.any(AbortSignal)] }],
    })
    expect(await ask('/v1/sweep')).toMatchObject({ status: 200, answer: { passes: [PASS] } })
  })

  it.each([{ kind: 'all' }, { dryrun: true }, { bucket: '' }, { bucket: 'none' }])(
    'is refused as a sweep: %o',
    async (body) => expect((await ask('/v1/sweep', 'POST', body, REAL)).status).toBe(422),
  )

  it.each(['/v1/runs/retry', '/v1/runs/cancel'])(
    'about many runs is not taken for a run: GET %s',
    async (path) => {
      const { app } = createTestApi(ANSWERS)
      const { status, headers } = await app.request(path)
      expect([status, headers.get('allow')]).toEqual([405, 'POST'])
    },
  )

  it('is refused when it has ended otherwise', async () => {
    expect(await ask(`/v1/runs/${RUN_ID}/cancel`, 'POST', undefined, REAL)).toMatchObject({
      status: 409,
      answer: { title: 'Conflict', detail: expect.stringContaining('dead') },
    })
  })

  it.each([
    { path: `/v1/runs/${RUN_ID}/retry`, status: 202, location: `/v1/runs/${RUN_ID}`, answer: { id: RUN_ID } },
    { path: '/v1/functions/cut/pause', status: 200, location: null, answer: { isPaused: true } },
    { path: '/v1/functions/cut/resume', status: 200, location: null, answer: { isPaused: false } },
  ])('is carried out by POST $path', async ({ path, ...outcome }) => {
    expect(await ask(path, 'POST')).toMatchObject(outcome)
  })

  it.each([
    { concurrency: 7, becomes: 7 },
    { concurrency: null, becomes: 2 },
  ])('may set a limit of $concurrency', async ({ concurrency, becomes }) => {
    const outcome = await ask('/v1/functions/cut', 'PATCH', { concurrency })
    const calls = [{ name: 'functions.setConcurrency', args: ['cut', concurrency] }]
    expect(outcome).toMatchObject({ status: 200, answer: { concurrency: becomes }, calls })
  })
})

it.each([
  ['POST', '/v1/dead-letters/purge', {}],
  ['POST', '/v1/dead-letters/redrive', {}],
  ['POST', '/v1/reprocess', { prefix: '' }],
  ['POST', '/v1/sweep', {}],
  ['GET', '/v1/sweep', undefined],
  ['POST', `/v1/runs/${RUN_ID}/retry`, {}],
  ['POST', `/v1/runs/${RUN_ID}/cancel`, undefined],
  ['POST', '/v1/jobs/01M84NS1FE1SJZX2PNAXZJ6SC9/cancel', undefined],
  ['DELETE', '/v1/jobs/01M84NS1FE1SJZX2PNAXZJ6SC9', undefined],
  ['GET', '/v1/jobs/01M84NS1FE1SJZX2PNAXZJ6SC9', undefined],
  ['GET', `/v1/runs/${RUN_ID}`, undefined],
  ['GET', '/v1/functions', undefined],
  ['GET', '/v1/functions/cut', undefined],
  ['POST', '/v1/functions/cut/pause', undefined],
  ['GET', '/v1/streams', undefined],
  ['POST', '/v1/streams', { name: 'cam', url: 'rtsp://cam.lan' }],
  ['DELETE', '/v1/streams/cam', undefined],
  ['POST', '/v1/streams/cam/keys', {}],
  ['DELETE', '/v1/streams/cam/keys/1', undefined],
  ['POST', '/v1/functions/cut/resume', undefined],
  ['PATCH', '/v1/functions/cut', { concurrency: 1 }],
] as const)('%s %s does nothing when a filter was written into its address', async (method, path, body) => {
  const { status, calls } = await ask(`${path}?dryRun=true`, method, body)
  expect(status).toBe(400)
  expect(calls).toEqual([])
})
