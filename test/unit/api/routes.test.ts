import { describe, expect, it } from 'vitest'
import { createTestApi, FUNCTION, PASS, RESULT, RUN, RUN_ID } from './in-memory.ts'

async function ask(path: string, method = 'GET', body?: unknown) {
  const { app, calls } = createTestApi()
  const init =
    body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
  const response = await app.request(path, { method, ...init })
  const answer = (await response.json()) as Record<string, unknown>
  return { status: response.status, location: response.headers.get('location'), answer, calls }
}

describe('lists of runs', () => {
  it('are asked for by what is in the query, with times as numbers', async () => {
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

  it('have fifty runs of all kinds when nothing is asked for', async () => {
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

describe('one of many', () => {
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
  ])('is a 404 that names it when it is not there: $method $path', async ({ path, method }) => {
    const { status, answer } = await ask(path, method)
    expect(status).toBe(404)
    expect(answer['detail']).toMatch(/there is no (run|function|job) (0{32}|none)/)
  })

  it('is a 400 when its id can be none', async () => {
    expect(await ask('/v1/runs/42')).toMatchObject({ status: 400, answer: { issues: [{ path: 'id' }] } })
  })
})

describe('what is to be done', () => {
  it('is a job that can be followed, or for a dry run its preview', async () => {
    expect(await ask('/v1/reprocess', 'POST', { keys: ['a'] })).toMatchObject({
      status: 202,
      location: '/v1/jobs/job-1',
      answer: { id: 'job-1' },
      calls: [{ args: [{ bucket: 'incoming', keys: ['a'], status: 'any', force: false, limit: 1_000 }] }],
    })
    const redrive = await ask('/v1/dead-letters/redrive', 'POST', { reason: 'permanent', dryRun: true })
    expect(redrive).toMatchObject({ status: 200, location: null, answer: { matched: 1 } })
  })

  it('is a sweep that is followed where it was asked for, a full one unless another is wanted', async () => {
    expect(await ask('/v1/sweep', 'POST', {})).toMatchObject({
      status: 202,
      location: '/v1/sweep',
      answer: { id: PASS.id, status: 'waiting' },
      calls: [{ name: 'sweep', args: [{ kind: 'full', dryRun: false }] }],
    })
    const part = { kind: 'recent', dryRun: true, bucket: 'incoming', prefix: 'a b/' }
    expect(await ask('/v1/sweep', 'POST', part)).toMatchObject({
      status: 200,
      location: null,
      answer: { healed: PASS.healed, sample: [] },
      calls: [{ args: [part] }],
    })
    expect(await ask('/v1/sweep')).toMatchObject({ status: 200, answer: { passes: [PASS] } })
  })

  it.each([{ kind: 'all' }, { dryrun: true }, { bucket: '' }, { bucket: 'none' }])(
    'is no sweep for %o',
    async (body) => expect((await ask('/v1/sweep', 'POST', body)).status).toBe(422),
  )

  it('is refused in the words and with the numbers of the service', async () => {
    expect(await ask('/v1/reprocess', 'POST', { prefix: '', limit: 2 })).toMatchObject({
      status: 422,
      answer: { title: 'Unprocessable Entity', detail: 'over the limit', matched: 3, limit: 2 },
    })
    expect(await ask(`/v1/runs/${RUN_ID}/cancel`, 'POST')).toMatchObject({ status: 409 })
  })

  it.each([
    { path: `/v1/runs/${RUN_ID}/retry`, status: 202, location: `/v1/runs/${RUN_ID}`, answer: { id: RUN_ID } },
    { path: '/v1/functions/cut/pause', status: 200, location: null, answer: { isPaused: true } },
    { path: '/v1/functions/cut/resume', status: 200, location: null, answer: { isPaused: false } },
  ])('is done by POST $path', async ({ path, ...outcome }) => {
    expect(await ask(path, 'POST')).toMatchObject(outcome)
  })

  it.each([
    { concurrency: 7, becomes: 7 },
    { concurrency: null, becomes: 2 },
  ])('may be a limit of $concurrency', async ({ concurrency, becomes }) => {
    const outcome = await ask('/v1/functions/cut', 'PATCH', { concurrency })
    expect(outcome).toMatchObject({ status: 200, answer: { concurrency: becomes } })
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
  ['POST', '/v1/functions/cut/resume', undefined],
  ['PATCH', '/v1/functions/cut', { concurrency: 1 }],
] as const)('%s %s does nothing when a filter was written into its address', async (method, path, body) => {
  const { status, calls } = await ask(`${path}?dryRun=true`, method, body)
  expect(status).toBe(400)
  expect(calls).toEqual([])
})
