import { describe, expect, it } from 'vitest'
import { RefusedError } from '../../../runtime/api/http/problem.ts'
import { sessionOf } from '../../../runtime/api/login/session.ts'
import { FUNCTION, RUN, RUN_ID } from '../api/examples.ts'
import { createTestConsole, formOf, htmlOf } from './test-console.ts'

const TOKENS = { reader: 'r'.repeat(32), operator: 'o'.repeat(32), admin: 'a'.repeat(32) }
const EMPTY = { items: [], nextCursor: null }
const HOSTILE = '<img src=x onerror=alert(1)>/"\'&\u202egpj.exe\n.mp4'
const OBJECT = {
  bucket: 'incoming',
  key: HOSTILE,
  object: null,
  summary: `${HOSTILE} was never there`,
  events: [],
  functions: [],
  runs: [{ ...RUN, object: { ...RUN.object, key: HOSTILE }, error: HOSTILE }],
}
const ANSWERS = {
  functions: {
    list: () => Promise.resolve([FUNCTION]),
    get: () => Promise.resolve(FUNCTION),
    pause: () => Promise.resolve(FUNCTION),
  },
  runs: {
    running: () => Promise.resolve([]),
    list: () =>
      Promise.resolve({ items: [{ ...RUN, object: { ...RUN.object, key: HOSTILE } }], nextCursor: null }),
    get: (id: string) =>
      Promise.resolve(
        id === RUN_ID ? { ...RUN, object: { ...RUN.object, key: HOSTILE }, error: HOSTILE } : undefined,
      ),
  },
  deadLetters: { list: () => Promise.resolve({ items: [{ ...RUN, error: HOSTILE }], nextCursor: null }) },
  objects: { view: () => Promise.resolve(OBJECT) },
}

it('allows a browser to load and run only what the console serves', async () => {
  const { headers } = await createTestConsole(ANSWERS).app.request('/')
  expect(headers.get('content-security-policy')).toMatch(/^default-src 'none'; script-src 'self';/)
  expect(headers.get('content-security-policy')).toContain("require-trusted-types-for 'script'")
  expect(headers.get('cache-control')).toBe('no-store')
})

const AWAY = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })

it('says that Redis is away, and asks again by itself, also without script', async () => {
  const { app } = createTestConsole({ ...ANSWERS, runs: { list: () => Promise.reject(AWAY) } })
  const answer = await app.request('/runs')
  const html = await answer.text()
  expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '5'])
  expect(html).toContain('Redis does not answer')
  expect(html).toContain('<noscript><meta http-equiv="refresh" content="5"/></noscript>')
})

it('names an unexpected error by the id that the log has', async () => {
  const { app } = createTestConsole({ ...ANSWERS, runs: { list: () => Promise.reject(new Error('odd')) } })
  const headers = { 'x-request-id': 'request-7' }
  const page = await (await app.request('/runs', { headers })).text()
  expect(page).toContain('<h1>unexpected error; see the log for request id request-7</h1>')
  const part = await app.request('/runs', { headers: { ...headers, 'x-part': 'main' } })
  expect(await part.json()).toMatchObject({ detail: expect.stringMatching(/request id request-7$/) })
  expect(await htmlOf(app, '/runs')).not.toContain('undefined')
})

it('shows the marks of direction that an error repeats', async () => {
  const get = () => Promise.reject(new RefusedError('conflict', 'odd \u202egpj.exe'))
  const { app } = createTestConsole({ ...ANSWERS, runs: { get } })
  expect(await htmlOf(app, `/runs/${RUN_ID}`)).not.toContain('\u202e')
})

it('says once what is odd about a result', async () => {
  const run = { ...RUN, warnings: ['it has no sound'], resultsUnknown: 'MinIO is away' }
  const { app } = createTestConsole({ ...ANSWERS, runs: { get: () => Promise.resolve(run) } })
  const page = await htmlOf(app, `/runs/${RUN_ID}`)
  expect(page.match(/it has no sound|MinIO is away/g)).toEqual(['it has no sound', 'MinIO is away'])
})

it('has the system page also while Redis is away: it says what is', async () => {
  const away = () => Promise.reject(AWAY)
  const { app } = createTestConsole(
    {
      sweep: { view: away },
      jobs: { list: away },
      overview: { totals: away, deadCount: away },
    },
    { health: () => Promise.resolve([{ name: 'redis', ok: false, detail: 'no answer in 2000 ms' }]) },
  )
  const answer = await app.request('/system')
  const html = await answer.text()
  expect(answer.status).toBe(200)
  expect(html).toContain('<b>Redis</b> no answer in 2000 ms')
  expect(html.match(/Not known while Redis does not answer/g)).toHaveLength(2)
})

describe('runs', () => {
  it('are filtered as the address says, and unknown values are left out', async () => {
    const { app, calls } = createTestConsole({ ...ANSWERS, runs: { list: () => Promise.resolve(EMPTY) } })
    const page = await htmlOf(app, '/runs?status=dead&status=odd&prefix=a%20b%2F&since=never&function=cut')
    expect(calls.find(({ name }) => name === 'runs.list')?.args).toEqual([
      { status: ['dead'], function: 'cut', contains: undefined, prefix: 'a b/', sinceMs: undefined },
      { limit: 50, cursor: undefined },
    ])
    expect(page).toContain('No run matches.')
  })

  it('that are empty so far lead further', async () => {
    const list = () => Promise.resolve({ items: [], nextCursor: 'abc' })
    const page = await htmlOf(createTestConsole({ ...ANSWERS, runs: { list } }).app, '/runs?status=dead')
    expect(page).toContain('there are older ones')
    expect(page).toContain('/runs?status=dead&amp;cursor=abc')
  })

  it('that are empty so far tell until when was looked', async () => {
    const cursor = Buffer.from('[1767323045678,"a"]').toString('base64url')
    const list = () => Promise.resolve({ items: [], nextCursor: cursor })
    const page = await htmlOf(createTestConsole({ ...ANSWERS, runs: { list } }).app, '/runs?contains=b')
    expect(page).toContain('None among the runs since <time datetime="2026-01-02T03:04:05.678Z"')
  })
})

describe('a change', () => {
  it('is taken from a page of the console, which then says what was done', async () => {
    const { app, calls } = createTestConsole(ANSWERS)
    const answer = await app.request('/functions/cut/pause', formOf())
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/'])
    expect(calls).toEqual([{ name: 'functions.pause', args: ['cut'] }])
    const cookie = answer.headers.get('set-cookie')?.split(';')[0] ?? ''
    const next = await app.request('/', { headers: { cookie } })
    expect(await next.text()).toContain('cut is paused: uploads wait.')
    expect(next.headers.get('set-cookie')).toMatch(/^sluice_notice=;/)
  })

  it('that is refused says why', async () => {
    const pause = () => Promise.reject(new RefusedError('not-found', 'there is no function "odd"'))
    const { app } = createTestConsole({ ...ANSWERS, functions: { ...ANSWERS.functions, pause } })
    const answer = await app.request('/functions/odd/pause', formOf())
    const cookie = answer.headers.get('set-cookie')?.split(';')[0] ?? ''
    const html = await (await app.request('/', { headers: { cookie } })).text()
    expect(html).toContain('<p class="notice bad" role="status">there is no function &quot;odd&quot;</p>')
  })

  it.each([
    { of: 'another site', headers: { 'sec-fetch-site': 'cross-site' } },
    { of: 'another origin of the same site', headers: { 'sec-fetch-site': 'same-site' } },
    { of: 'no page', headers: { 'sec-fetch-site': 'none' } },
    { of: 'a program', headers: {} },
  ])('of $of is refused', async ({ headers }) => {
    const { app, calls } = createTestConsole(ANSWERS)
    const answer = await app.request('/functions/cut/pause', { method: 'POST', headers })
    expect([answer.status, calls]).toEqual([403, []])
  })

  it.each([
    { from: 'http://localhost/runs?status=dead', to: '/runs?status=dead' },
    { from: 'http://localhost//evil.example/', to: '/' },
    { from: 'http://evil.example/runs', to: '/' },
    { from: 'none', to: '/' },
  ])('asked for by $from leads to $to: never to another site', async ({ from, to }) => {
    const { app } = createTestConsole(ANSWERS)
    const form = formOf({}, { referer: from, host: 'localhost' })
    for (const path of ['/theme', '/functions/cut/pause'])
      expect((await app.request(path, form)).headers.get('location')).toBe(to)
  })

  it('is refused for a reader', async () => {
    const { app, calls } = createTestConsole(ANSWERS, { tokens: TOKENS })
    const cookie = `sluice_session=${sessionOf(TOKENS, 'reader')}`
    const answer = await app.request('/functions/cut/pause', formOf({}, { cookie }))
    expect([answer.status, calls]).toEqual([403, []])
  })
})

it('answers no page under a foreign host name while no token is set', async () => {
  const answer = await createTestConsole(ANSWERS).app.request('http://evil.example/')
  expect(answer.status).toBe(403)
})

it('leads to dashboards where Grafana is, and nowhere without it', async () => {
  const away = () => Promise.reject(AWAY)
  const answers = { ...ANSWERS, sweep: { view: away }, jobs: { list: away } }
  for (const path of ['/', '/system']) {
    const here = createTestConsole(answers, { grafanaUrl: '/grafana' }).app
    expect([path, await htmlOf(here, path)]).toEqual([
      path,
      expect.stringMatching(/href="\/grafana\/d\/sluice-\w+"/),
    ])
    expect(await htmlOf(createTestConsole(answers).app, path)).not.toContain('grafana')
  }
})
