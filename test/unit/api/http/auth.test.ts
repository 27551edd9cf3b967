import { describe, expect, it } from 'vitest'
import type { TokenRole } from '../../../../runtime/settings/config.ts'
import { FUNCTION, RUN_ID } from '../examples.ts'
import { createTestApi, type Answers } from '../test-api.ts'

const TOKENS = {
  reader: 'the-token-of-a-reader',
  operator: 'the-token-of-an-operator',
  admin: 'the-token-of-an-admin',
} as const
const JSON_TYPE = { 'content-type': 'application/json' }
const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

const ANSWERS: Answers = {
  runs: { list: () => Promise.resolve({ items: [], nextCursor: null }) },
  functions: { pause: () => Promise.resolve(FUNCTION) },
  deadLetters: { purge: () => Promise.resolve({ purged: 1 }) },
}

const PURGE = '/v1/dead-letters/purge'

describe('with tokens set', () => {
  it.each<{ method: string; path: string; least: TokenRole }>([
    { method: 'GET', path: '/v1/runs', least: 'reader' },
    { method: 'HEAD', path: '/v1/functions', least: 'reader' },
    { method: 'GET', path: '/v1/objects/incoming/a', least: 'reader' },
    { method: 'POST', path: `/v1/runs/${RUN_ID}/retry`, least: 'operator' },
    { method: 'POST', path: '/v1/functions/cut/pause', least: 'operator' },
    { method: 'PATCH', path: '/v1/functions/cut', least: 'operator' },
    { method: 'DELETE', path: '/v1/jobs/none', least: 'operator' },
    { method: 'POST', path: '/v1/reprocess', least: 'operator' },
    { method: 'POST', path: PURGE, least: 'admin' },
  ])('$method $path needs the role $least', async ({ method, path, least }) => {
    const { app } = createTestApi(ANSWERS, { tokens: TOKENS })
    const roles = ['reader', 'operator', 'admin'] as const
    const allowed: TokenRole[] = []
    for (const role of roles) {
      const { status } = await app.request(path, { method, headers: bearer(TOKENS[role]) })
      if (status !== 403) allowed.push(role)
    }
    expect(allowed).toEqual(roles.slice(roles.indexOf(least)))
  })

  it.each([
    { name: 'no token', headers: undefined, challenge: 'Bearer realm="sluice"' },
    { name: 'another token', headers: bearer('the-token-of-nobody'), challenge: /invalid_token/ },
    { name: 'the beginning of a token', headers: bearer(TOKENS.admin.slice(0, -1)), challenge: /invalid/ },
    { name: 'another scheme', headers: { authorization: `Basic ${TOKENS.admin}` }, challenge: /^Bearer/ },
  ])('answers $name with 401, a challenge, and no token', async ({ headers, challenge }) => {
    const { app } = createTestApi(ANSWERS, { tokens: TOKENS })
    const response = await app.request('/v1/runs', headers && { headers })
    expect(response.status).toBe(401)
    expect(response.headers.get('www-authenticate')).toMatch(challenge)
    expect(response.headers.get('content-type')).toBe('application/problem+json')
    expect(await response.text()).not.toMatch(/the-token-of/)
  })

  it('authenticates before it reveals what exists, reads a body, or checks the method', async () => {
    const { app } = createTestApi(ANSWERS, { tokens: TOKENS })
    const requests = [
      app.request('/v1/nothing'),
      app.request('/v1/runs', { method: 'PUT' }),
      app.request('/v1/reprocess', { method: 'POST', body: '{' }),
    ]
    for (const request of requests) expect((await request).status).toBe(401)
  })

  it.each(['/healthz', '/readyz', '/metrics', '/openapi.json'])('leaves %s open to all', async (path) => {
    expect((await createTestApi(ANSWERS, { tokens: TOKENS }).app.request(path)).status).toBe(200)
  })

  it('accepts the scheme in any case, and any host name', async () => {
    const { app } = createTestApi(ANSWERS, { tokens: { reader: TOKENS.reader } })
    const headers = {
      authorization: `bearer ${TOKENS.reader}`,
      host: 'sluice.example',
      origin: 'https://console.example',
    }
    expect((await app.request('/v1/runs', { headers })).status).toBe(200)
  })

  it('lets nobody purge when only a reader has a token', async () => {
    const { app } = createTestApi(ANSWERS, { tokens: { reader: TOKENS.reader } })
    const headers = { ...bearer(TOKENS.reader), ...JSON_TYPE }
    expect((await app.request(PURGE, { method: 'POST', headers, body: '{}' })).status).toBe(403)
  })
})

describe('without tokens', () => {
  it('lets every caller on this machine do everything', async () => {
    const { app } = createTestApi(ANSWERS)
    const response = await app.request(PURGE, { method: 'POST', headers: JSON_TYPE, body: '{}' })
    expect(await response.json()).toEqual({ purged: 1 })
  })

  it.each(['localhost', 'LOCALHOST:8080', '127.0.0.1:1', '127.9.9.9', '[::1]:8080'])(
    'answers calls to %s',
    async (host) => {
      expect((await createTestApi(ANSWERS).app.request('/v1/runs', { headers: { host } })).status).toBe(200)
    },
  )

  it.each([
    'rebound.example',
    'rebound.example:8080',
    '127.0.0.1.example',
    'localhost.example',
    '10.0.0.1',
    '',
  ])('answers no call to "%s", which a page may have made resolve to this machine', async (host) => {
    const { app } = createTestApi(ANSWERS)
    for (const path of ['/v1/runs', '/metrics', '/healthz', '/readyz', '/openapi.json', '/nothing']) {
      const response = await app.request(path, { headers: { host } })
      expect({ path, status: response.status }).toEqual({ path, status: 403 })
      expect(await response.json()).toMatchObject({ detail: expect.stringContaining('SLUICE_TOKEN_ADMIN') })
    }
  })

  it.each([
    { origin: 'https://page.example', status: 403 },
    { origin: 'null', status: 403 },
    { origin: 'http://localhost:3000', status: 403 },
    { origin: 'http://localhost:8080', status: 200 },
  ])('answers a page of $origin with $status', async ({ origin, status }) => {
    const headers = { host: 'localhost:8080', origin }
    const response = await createTestApi(ANSWERS).app.request('/v1/functions/cut/pause', {
      method: 'POST',
      headers,
    })
    expect(response.status).toBe(status)
  })

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x'])(
    'takes no %s, which a page may send across sites',
    async (type) => {
      const init = { method: 'POST', headers: { 'content-type': type }, body: '{"prefix":""}' }
      expect((await createTestApi(ANSWERS).app.request('/v1/reprocess', init)).status).toBe(415)
    },
  )
})
