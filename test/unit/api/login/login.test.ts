/** The login of a browser on `/v1`. */
import { describe, expect, it } from 'vitest'
import { sessionOf } from '../../../../runtime/api/login/session.ts'
import type { TokenRole } from '../../../../runtime/settings/config.ts'
import { FUNCTION } from '../examples.ts'
import { createTestApi, type Answers } from '../test-api.ts'

const TOKENS = {
  reader: 'the-token-of-a-reader',
  operator: 'the-token-of-an-operator',
  admin: 'the-token-of-an-admin',
} as const
const ANSWERS: Answers = {
  runs: { list: () => Promise.resolve({ items: [], nextCursor: null }) },
  functions: { pause: () => Promise.resolve(FUNCTION) },
}
const PAUSE = '/v1/functions/cut/pause'
const OWN = { 'sec-fetch-site': 'same-origin' }
const loggedIn = (role: TokenRole) => ({ cookie: `sluice_session=${sessionOf(TOKENS, role)}` })
const create = () => createTestApi(ANSWERS, { tokens: TOKENS })

describe('a login', () => {
  it('has its role on /v1, and /v1/me says which', async () => {
    const { app } = create()
    for (const role of ['reader', 'operator', 'admin'] as const) {
      const me = await app.request('/v1/me', { headers: loggedIn(role) })
      expect(await me.json()).toEqual({ role, version: '1.2.3' })
      const { status } = await app.request(PAUSE, { method: 'POST', headers: { ...loggedIn(role), ...OWN } })
      expect(status).toBe(role === 'reader' ? 403 : 200)
    }
  })

  it.each<[string, Record<string, string>]>([
    ['a page of another site', { 'sec-fetch-site': 'cross-site' }],
    ['a page of another host of the domain', { 'sec-fetch-site': 'same-site' }],
    ['another origin', { origin: 'https://page.example' }],
    ['nobody knows where', {}],
  ])('changes nothing from %s', async (_, headers) => {
    const { app, calls } = create()
    const answer = await app.request(PAUSE, { method: 'POST', headers: { ...loggedIn('admin'), ...headers } })
    expect([answer.status, calls]).toEqual([403, []])
  })

  it('reads from everywhere, as links in chats lead here', async () => {
    const headers = { ...loggedIn('reader'), 'sec-fetch-site': 'cross-site' }
    expect((await create().app.request('/v1/runs', { headers })).status).toBe(200)
  })

  it('does not count beside a token, which is for programs', async () => {
    const { app } = create()
    const wrong = { ...loggedIn('admin'), authorization: 'Bearer wrong' }
    expect((await app.request('/v1/runs', { headers: wrong })).status).toBe(401)
    const right = { ...loggedIn('reader'), authorization: `Bearer ${TOKENS.operator}` }
    expect((await app.request(PAUSE, { method: 'POST', headers: right })).status).toBe(200)
  })

  it('that was changed, or is of a token that was replaced, does not count', async () => {
    const { app } = createTestApi(ANSWERS, { tokens: { ...TOKENS, admin: 'another' } })
    for (const headers of [loggedIn('admin'), { cookie: 'sluice_session=1.admin.9999999999999.x.y' }])
      expect((await app.request('/v1/runs', { headers })).status).toBe(401)
  })
})

describe('unknown tokens', () => {
  it('are answered with 429 after five in a minute, and a right one is not', async () => {
    const { app } = create()
    const ask = (token: string) => app.request('/v1/runs', { headers: { authorization: `Bearer ${token}` } })
    const statuses = []
    for (const token of ['1', '2', '3', '4', '5', '6', TOKENS.reader])
      statuses.push((await ask(token)).status)
    expect(statuses).toEqual([401, 401, 401, 401, 401, 429, 200])
    const refused = await ask('7')
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(refused.headers.get('content-type')).toBe('application/problem+json')
  })

  it('are counted by address, and requests without one are not', async () => {
    const { app } = create()
    for (let count = 0; count < 9; count++) expect((await app.request('/v1/runs')).status).toBe(401)
    const ask = (remoteAddress: string) =>
      app.request(
        '/v1/runs',
        { headers: { authorization: 'Bearer x' } },
        { incoming: { socket: { remoteAddress } } },
      )
    for (let count = 0; count < 5; count++) await ask('192.0.2.1')
    expect([(await ask('192.0.2.1')).status, (await ask('192.0.2.2')).status]).toEqual([429, 401])
  })
})
