/** `Idempotency-Key` over HTTP, with the answers in a real Redis: a request that is sent again is done once. */
import { randomUUID } from 'node:crypto'
import { beforeEach, describe, expect, it } from 'vitest'
import { RefusedError } from '../../runtime/api/http/problem.ts'
import { createAnswerStore, type AnswerStore } from '../../runtime/queue/answers.ts'
import { useRedis } from '../helpers/queue.ts'
import { JOB, RUN, RUN_ID } from '../unit/api/examples.ts'
import { createTestApi, type Answers } from '../unit/api/test-api.ts'

const used = useRedis()
let answers: AnswerStore
beforeEach(() => {
  answers = createAnswerStore(used.redis, `test-${randomUUID()}:`)
})

const TOKENS = { operator: 'the-token-of-an-operator', admin: 'the-token-of-an-admin' } as const
const REQUEST = {
  path: '/v1/reprocess',
  body: '{"prefix":"films/"}',
  key: 'k-1',
  token: TOKENS.admin as string,
}
const PREVIEW = { matched: 0, totalBytes: 0, sample: [], passedOver: {} }

/** Each request is a job of its own. */
function apiWith(more: Answers = {}) {
  let jobs = 0
  const newJob = async (request: { dryRun: boolean; limit: number }) => {
    if (request.limit < 3) throw new RefusedError('impossible', 'over the limit')
    return request.dryRun ? PREVIEW : { ...JOB, id: `job-${++jobs}` }
  }
  return createTestApi(
    {
      answers,
      reprocess: { reprocess: newJob },
      deadLetters: { redrive: newJob },
      runs: { retry: () => Promise.resolve(RUN) },
      ...more,
    },
    { tokens: TOKENS },
  )
}

function send(app: ReturnType<typeof createTestApi>['app'], more: Partial<typeof REQUEST> = {}) {
  const { path, body, key, token } = { ...REQUEST, ...more }
  const headers = {
    'content-type': 'application/json',
    authorization: `Bearer ${token}`,
    ...(key !== '' && { 'idempotency-key': key }),
  }
  return app.request(path, { method: 'POST', headers, body })
}

describe('a request with an Idempotency-Key', () => {
  it.each([
    { path: '/v1/reprocess', body: '{"prefix":"films/"}' },
    { path: '/v1/reprocess', body: '{"prefix":"films/","dryRun":true}' },
    { path: '/v1/dead-letters/redrive', body: '{}' },
    { path: `/v1/runs/${RUN_ID}/retry`, body: '{"force":true}' },
  ])('is done once, and answered alike when it is sent again: $path $body', async (request) => {
    const { app, calls } = apiWith()
    const first = await send(app, request)
    const second = await send(app, request)
    const facts = async (response: Response) => ({
      status: response.status,
      type: response.headers.get('content-type'),
      location: response.headers.get('location'),
      body: await response.text(),
    })
    expect(first.ok).toBe(true)
    expect(await facts(second)).toEqual(await facts(first))
    expect(first.headers.has('idempotent-replayed')).toBe(false)
    expect(second.headers.get('idempotent-replayed')).toBe('true')
    expect(calls).toHaveLength(1)
  })

  it.each([
    { name: 'another body', more: { body: '{"prefix":""}' } },
    { name: 'another query', more: { path: '/v1/reprocess?x=1' } },
    { name: 'another route', more: { path: '/v1/dead-letters/redrive', body: '{}' } },
    { name: 'another role', more: { token: TOKENS.operator as string } },
  ])('is refused with $name', async ({ more }) => {
    const { app, calls } = apiWith()
    await send(app)
    const response = await send(app, more)
    expect(response.status).toBe(422)
    expect(await response.json()).toMatchObject({ detail: expect.stringContaining('Idempotency-Key') })
    expect(calls).toHaveLength(1)
  })

  it('waits for the first one', async () => {
    let finish = () => {}
    const finished = new Promise<void>((resolve) => (finish = resolve))
    let begin = () => {}
    const begun = new Promise<void>((resolve) => (begin = resolve))
    const reprocess = {
      async reprocess() {
        begin()
        await finished
        return PREVIEW
      },
    }
    const { app } = apiWith({ reprocess })
    const first = send(app)
    await begun
    const second = await send(app)
    expect([second.status, second.headers.get('retry-after')]).toEqual([409, '1'])
    finish()
    expect((await first).status).toBe(200)
    expect((await send(app)).headers.get('idempotent-replayed')).toBe('true')
  })

  it('may be sent again after a server was away, and no other request under its key: it may have been done', async () => {
    let isDown = true
    const reprocess = {
      reprocess: () => (isDown ? Promise.reject(new Error('Connection is closed.')) : Promise.resolve(JOB)),
    }
    const { app } = apiWith({ reprocess })
    expect((await send(app)).status).toBe(503)
    const other = await send(app, { body: '{"prefix":"other/"}' })
    expect([other.status, await other.text()]).toEqual([422, expect.stringContaining('Idempotency-Key')])
    isDown = false
    expect((await send(app)).status).toBe(202)
    expect((await send(app)).headers.get('idempotent-replayed')).toBe('true')
  })

  it('leaves its key to others when it was refused', async () => {
    const { app } = apiWith()
    expect((await send(app, { body: '{"prefix":"","limit":1}' })).status).toBe(422)
    expect((await send(app)).status).toBe(202)
  })

  it('is answered also when its answer cannot be kept', async () => {
    const lost = () => Promise.reject(new Error('Connection is closed.'))
    const { app } = apiWith({
      answers: { begin: () => Promise.resolve({ kind: 'begun', keep: lost, forget: lost, doubt: lost }) },
    })
    expect((await send(app)).status).toBe(202)
  })

  it.each(['ü', 'x'.repeat(201), 'a\tb'])('is refused when the key is invalid: %j', async (key) => {
    const { app, calls } = apiWith()
    const response = await send(app, { key })
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ issues: [{ path: 'Idempotency-Key' }] })
    expect(calls).toEqual([])
  })
})

it('does a request without a key each time', async () => {
  const { app, calls } = apiWith()
  for (const location of ['/v1/jobs/job-1', '/v1/jobs/job-2'])
    expect((await send(app, { key: '' })).headers.get('location')).toBe(location)
  expect(calls).toHaveLength(2)
})
