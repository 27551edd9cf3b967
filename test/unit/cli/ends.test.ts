/** How commands end when something is wrong. */
import { afterEach, describe, expect, it } from 'vitest'
import { sluice, startFakeApi, type FakeApi } from './commands/fake-api.ts'

const RUN_ID = '0123456789abcdef0123456789abcdef'
let api: FakeApi | undefined
afterEach(() => api?.stop())

it.each([
  { words: ['nonsense'], says: 'unknown command' },
  { words: ['why'], says: 'missing required argument' },
  { words: ['why', 'clip.mp4'], says: 'names no object' },
  { words: ['why', '/clip.mp4'], says: '<bucket>/<key>' },
  { words: ['show', 'a b'], says: '32 hex digits' },
  { words: ['redrive', 'clip.mp4'], says: '32 hex digits' },
  { words: ['redrive'], says: 'name a run or give --all' },
  { words: ['redrive', RUN_ID, '--all'], says: 'not both' },
  { words: ['redrive', RUN_ID, '--function', 'chunk'], says: 'needs no filter' },
  { words: ['runs', '--status', 'dead,broken'], says: '"broken"' },
  { words: ['runs', '--limit', '0'], says: 'at least 1' },
  { words: ['runs', '--since', 'soon'], says: '7d' },
  { words: ['runs', '--since', '2026-13-45'], says: 'is not a time' },
  { words: ['reprocess'], says: 'not both' },
  { words: ['reprocess', 'incoming/2024/'], says: '--prefix incoming/2024/' },
  { words: ['reprocess', 'incoming/a', 'other/b'], says: 'incoming, other' },
  { words: ['reprocess', 'incoming/a', '--option', 'seconds'], says: 'name=value' },
  { words: ['reprocess', 'incoming/a', '--rate', 'fast'], says: 'runs per second' },
  { words: ['concurrency', 'chunk', 'many'], says: 'default' },
  { words: ['why', 'incoming/a', '--api', 'ftp://x'], says: '--api' },
])('$words is wrong usage: exit code 2', async ({ words, says }) => {
  const { code, out, err } = await sluice(words)
  expect({ code, out }).toEqual({ code: 2, out: '' })
  expect(err).toContain(says)
})

it('lists settings that are wrong, and prints no token', async () => {
  const env = { SLUICE_TOKENS: 'secret-secret-secret', SLUICE_API_PORT: 'x' }
  const { code, err } = await sluice(['functions'], { env })
  expect(code).toBe(2)
  expect(err).toMatch(/SLUICE_TOKENS: unknown/)
  expect(err).toMatch(/SLUICE_API_PORT/)
  expect(err).not.toContain('secret-secret')
})

it('a runtime that does not answer means exit code 3, with its address and the remedy', async () => {
  const { code, err } = await sluice(['functions'], { env: { SLUICE_API_URL: 'http://127.0.0.1:1/' } })
  expect(code).toBe(3)
  expect(err).toMatch(/http:\/\/127\.0\.0\.1:1 does not answer .*sluice start.*SLUICE_API_URL/)
})

describe('what the runtime refuses', () => {
  it.each([
    {
      name: 'a problem is its detail',
      status: 404,
      detail: 'there is no function x',
      code: 1,
      says: 'no function x',
    },
    {
      name: 'without a token',
      status: 401,
      detail: 'a token is required',
      code: 1,
      says: 'set SLUICE_TOKEN',
    },
    {
      name: 'with a token that may not',
      status: 403,
      detail: 'the role operator is required',
      code: 1,
      says: 'set SLUICE_TOKEN',
    },
  ])('$name', async ({ status, detail, code, says }) => {
    api = await startFakeApi(() => ({ status, body: { title: 'No', status, detail } }))
    const ran = await sluice(['functions', 'x'], { env: { SLUICE_API_URL: api.url } })
    expect(ran).toMatchObject({ code, out: '' })
    expect(ran.err).toContain(says)
  })

  it('names each field of an invalid request', async () => {
    const issues = [{ path: 'options.seconds', message: 'too small' }]
    api = await startFakeApi(() => ({ status: 422, body: { detail: 'does not fit', issues } }))
    const { err } = await sluice(['reprocess', 'incoming/a'], { env: { SLUICE_API_URL: api.url } })
    expect(err).toBe('sluice: does not fit\n  - options.seconds: too small\n')
  })

  it('recognises that another program answers', async () => {
    api = await startFakeApi(() => ({ type: 'text/html', body: '<h1>hello</h1>' }))
    const { code, err } = await sluice(['functions'], { env: { SLUICE_API_URL: api.url } })
    expect(code).toBe(3)
    expect(err).toContain('is not a Sluice runtime')
  })
})

describe('the token', () => {
  const authorization = () => api?.asked[0]?.headers.authorization
  const answer = () => ({ body: { items: [], nextCursor: null } })

  it('goes with each request', async () => {
    api = await startFakeApi(answer)
    await sluice(['functions'], { env: { SLUICE_API_URL: api.url, SLUICE_TOKEN: 'tok' } })
    expect(authorization()).toBe('Bearer tok')
  })

  it('of this machine’s runtime is sent to that runtime only', async () => {
    const SLUICE_TOKEN_ADMIN = 'admin-admin-admin-admin'
    api = await startFakeApi(answer)
    await sluice(['functions'], { env: { SLUICE_API_PORT: new URL(api.url).port, SLUICE_TOKEN_ADMIN } })
    expect(authorization()).toBe(`Bearer ${SLUICE_TOKEN_ADMIN}`)
    await api.stop()
    api = await startFakeApi(answer)
    await sluice(['functions', '--api', api.url], { env: { SLUICE_TOKEN_ADMIN } })
    expect(authorization()).toBeUndefined()
  })
})

describe('a lost answer', () => {
  it('is requested again with the same idempotency key, even while the first request is in progress', async () => {
    const answers = [
      'lost' as const,
      { status: 409, body: { detail: 'under way' } },
      { status: 202, body: { id: RUN_ID, status: 'queued' } },
    ]
    api = await startFakeApi((_, count) => answers[count] ?? 'lost')
    const { code } = await sluice(['redrive', RUN_ID], { env: { SLUICE_API_URL: api.url } })
    const keys = api.asked.map(({ headers }) => headers['idempotency-key'])
    expect(code).toBe(0)
    expect(keys).toEqual([keys[0], keys[0], keys[0]])
    expect(keys[0]).toMatch(/^[\da-f-]{36}$/)
  })

  it('is given up after three tries', async () => {
    api = await startFakeApi(() => 'lost')
    const { code } = await sluice(['cancel', RUN_ID], { env: { SLUICE_API_URL: api.url } })
    expect({ code, tries: api.asked.length }).toEqual({ code: 3, tries: 3 })
  })
})
