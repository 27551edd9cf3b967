import { AbortError } from 'p-retry'
import { pino } from 'pino'
import { describe, expect, it } from 'vitest'
import { StorageError } from '../../../../runtime/storage/errors.ts'
import { RefusedError } from '../../../../runtime/api/http/problem.ts'
import { createTestApi, type Answers } from '../test-api.ts'

/** The interface over a failing service; `lines` has its log. */
function failing(thrown: unknown) {
  const lines: string[] = []
  const log = pino({ level: 'debug' }, { write: (line: string) => void lines.push(line) })
  const { app } = createTestApi({ runs: { list: () => Promise.reject(thrown) } }, { log })
  return { request: () => app.request('/v1/runs'), lines }
}

const EMPTY: Answers = { runs: { list: () => Promise.resolve({ items: [], nextCursor: null }) } }
const withCode = (message: string, code: string) => Object.assign(new Error(message), { code })

describe('an unexpected error', () => {
  it.each([
    { name: 'an error', thrown: new Error('the password is hunter2') },
    { name: 'a thrown value that is not an error', thrown: { message: 'the password is hunter2' } },
    { name: 'an error of the store that does not pass', thrown: new StorageError('hunter2', { code: 'X' }) },
  ])(
    'is a 500 for $name: its reason is in the log, and the answer has only the id to find it',
    async ({ thrown }) => {
      const { request, lines } = failing(thrown)
      const response = await request()
      const id = response.headers.get('x-request-id')
      const text = await response.text()
      expect(response.status).toBe(500)
      expect(response.headers.get('content-type')).toBe('application/problem+json')
      expect(text).toContain(id)
      expect(text).not.toMatch(/hunter2|\.ts|node_modules/)
      expect(lines).toHaveLength(1)
      expect(JSON.parse(lines[0] ?? '')).toMatchObject({
        level: 50,
        requestId: id,
        error: expect.stringContaining('hunter2'),
      })
    },
  )
})

describe('a server that is away', () => {
  it.each([
    { thrown: new Error('Connection is closed.'), server: 'Redis' },
    { thrown: new Error('Command timed out'), server: 'Redis' },
    { thrown: new Error('Reached the max retries per request limit (which is 3).'), server: 'Redis' },
    {
      thrown: new Error("Stream isn't writeable and enableOfflineQueue options is false"),
      server: 'Redis',
    },
    { thrown: new Error('LOADING Redis is loading the dataset in memory'), server: 'Redis' },
    { thrown: withCode('connect ECONNREFUSED 127.0.0.1:6379', 'ECONNREFUSED'), server: 'Redis' },
    { thrown: new StorageError('refused', { code: 'ECONNREFUSED' }), server: 'MinIO' },
    { thrown: new StorageError('not yet', { code: 'Whatever', statusCode: 503 }), server: 'MinIO' },
  ])('is a 503 that says $server and when to come back: $thrown.message', async ({ thrown, server }) => {
    const { request, lines } = failing(thrown)
    const response = await request()
    expect(response.status).toBe(503)
    expect(response.headers.get('retry-after')).toBe('5')
    expect(await response.json()).toMatchObject({ status: 503, detail: expect.stringContaining(server) })
    expect(lines.join()).toContain(`${server} is away`)
  })

  it.each([new AbortError('Connection'), new Error('ERR wrong number of arguments')])(
    'is not the meaning of: %s',
    async (thrown) => {
      expect((await failing(thrown).request()).status).toBe(500)
    },
  )
})

describe('a request that the store refuses for good', () => {
  it.each([
    { code: 'XMinioInvalidObjectName', statusCode: 400, detail: /XMinioInvalidObjectName/ },
    { code: 'HTTP400', statusCode: 400, detail: /does not accept this bucket, key or prefix/ },
    { code: 'NoSuchBucket', statusCode: 404, detail: /no such bucket/ },
    { code: 'AccessDenied', statusCode: 403, detail: /may not read/ },
  ])('is a 422 that says why, and no more: $code', async ({ code, statusCode, detail }) => {
    const thrown = new StorageError('HEAD "a" at http://10.0.0.7:9000', { code, statusCode })
    const response = await failing(thrown).request()
    const answer = (await response.json()) as { detail: string }
    expect(response.status).toBe(422)
    expect(answer.detail).toMatch(detail)
    expect(answer.detail).not.toContain('10.0.0.7')
  })
})

describe('a refusal of a service', () => {
  it.each([
    { kind: 'not-found', status: 404, title: 'Not Found' },
    { kind: 'conflict', status: 409, title: 'Conflict' },
    { kind: 'impossible', status: 422, title: 'Unprocessable Entity' },
  ] as const)('of the kind $kind is a $status with its words and numbers', async ({ kind, ...answer }) => {
    const { request, lines } = failing(new RefusedError(kind, 'over the limit', { matched: 3, limit: 2 }))
    const response = await request()
    expect(response.status).toBe(answer.status)
    expect(await response.json()).toMatchObject({ ...answer, detail: 'over the limit', matched: 3, limit: 2 })
    expect(lines).toEqual([])
  })
})

describe('a request', () => {
  it('keeps its given id in every answer', async () => {
    const { app } = createTestApi(EMPTY)
    for (const path of ['/v1/runs', '/v1/nothing', '/v1/runs?limit=0', '/healthz']) {
      const response = await app.request(path, { headers: { 'x-request-id': 'mine-1' } })
      expect(response.headers.get('x-request-id')).toBe('mine-1')
    }
  })

  it('gets an answer that must not be cached', async () => {
    const { app } = createTestApi(EMPTY)
    for (const path of ['/v1/runs', '/v1/nothing', '/v1/runs?limit=0'])
      expect((await app.request(path)).headers.get('cache-control')).toBe('no-store')
  })

  it('with a method that a path lacks is answered with those it has', async () => {
    const { app } = createTestApi(EMPTY)
    const response = await app.request('/v1/functions/cut', { method: 'DELETE' })
    expect(response.status).toBe(405)
    expect(response.headers.get('allow')).toBe('GET, HEAD, PATCH')
    expect((await app.request('/healthz', { method: 'POST' })).headers.get('allow')).toBe('GET, HEAD')
  })

  it('may use HEAD wherever GET works, and gets no body', async () => {
    const response = await createTestApi(EMPTY).app.request('/v1/runs', { method: 'HEAD' })
    expect(response.status).toBe(200)
    expect(await response.text()).toBe('')
  })
})
