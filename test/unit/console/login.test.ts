import { describe, expect, it } from 'vitest'
import { roleOfSession, SESSION_MS, sessionOf } from '../../../runtime/api/login/session.ts'
import { LINK_MS, loginPathOf } from '../../../runtime/api/login/link.ts'
import { UnreachableError } from '../../../runtime/errors.ts'
import type { AnswerStore } from '../../../runtime/queue/answers.ts'
import { createTestConsole, formOf } from './test-console.ts'

const TLS = { 'x-forwarded-proto': 'https' }
const from = (remoteAddress: string) => ({ incoming: { socket: { remoteAddress } } })
const PROXY = from('127.0.0.1')
type App = ReturnType<typeof createTestConsole>['app']

async function placeOf(app: App, path: string, headers: Record<string, string> = {}) {
  return (await app.request(path, { headers }, PROXY)).headers.get('location')
}

const TOKENS = { reader: 'r'.repeat(32), operator: 'o'.repeat(32) }

describe('the login', () => {
  it('gives a session of the role of the token, which is not in it', async () => {
    const { app } = createTestConsole({}, { tokens: TOKENS })
    const answer = await app.request('/login', formOf({ token: TOKENS.operator }))
    const cookie = answer.headers.get('set-cookie') ?? ''
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/'])
    expect(cookie).toMatch(/; Path=\/; HttpOnly; SameSite=Lax$/)
    expect(cookie).not.toContain(TOKENS.operator)
    const session = /sluice_session=([^;]+)/.exec(cookie)?.[1]
    expect(roleOfSession(TOKENS, session)).toBe('operator')
  })

  it.each([
    { base: '', cookie: /^__Host-sluice_session=.*; Path=\/; HttpOnly; Secure; SameSite=Lax$/ },
    {
      base: '/sluice',
      cookie: /^__Secure-sluice_session=.*; Path=\/sluice; HttpOnly; Secure; SameSite=Lax$/,
    },
  ])(
    'is kept to TLS and this host behind a proxy that speaks it, with the base path "$base"',
    async (each) => {
      const { app } = createTestConsole({}, { tokens: TOKENS, base: each.base })
      const form = formOf({ token: TOKENS.reader }, TLS)
      const set = (await app.request('/login', form, PROXY)).headers.get('set-cookie') ?? ''
      expect(set).toMatch(each.cookie)
      const cookie = set.split(';')[0] ?? ''
      expect(await placeOf(app, '/login?link=x', { cookie, ...TLS })).toBe(`${each.base}/`)
      // One that was set over plain HTTP does not count over TLS.
      const plain = cookie.replace(/^__(Host|Secure)-/, '')
      expect(await placeOf(app, '/runs', { cookie: plain, ...TLS })).toBe(`${each.base}/login?next=%2Fruns`)
    },
  )

  it('believes no stranger that says it speaks TLS', async () => {
    const { app } = createTestConsole({}, { tokens: TOKENS })
    const answer = await app.request('/login', formOf({ token: TOKENS.reader }, TLS), from('203.0.113.9'))
    expect(answer.headers.get('set-cookie')).not.toContain('Secure')
  })

  it('leads to the page below the base path', async () => {
    const { app } = createTestConsole({}, { tokens: TOKENS, base: '/sluice' })
    const next = '/objects/incoming?key=a%20b.mp4'
    // A page that is open names itself with the base.
    for (const given of [next, `/sluice${next}`]) {
      const answer = await app.request('/login', formOf({ token: TOKENS.reader, next: given }))
      expect(answer.headers.get('location')).toBe(`/sluice${next}`)
    }
  })

  it('refuses an unknown token, and after five of them every one for a minute', async () => {
    const { app } = createTestConsole({}, { tokens: TOKENS })
    const login = async (token: string) => (await app.request('/login', formOf({ token }))).status
    const answers = []
    for (const token of ['', '1', '2', '3', '4', '5', TOKENS.reader]) answers.push(await login(token))
    expect(answers).toEqual([401, 401, 401, 401, 401, 429, 429])
    const other = await app.request('/login', formOf({ token: TOKENS.reader }), from('203.0.113.9'))
    expect(other.status).toBe(303)
  })

  it('leads on to the page that asked for it, and to no other site', async () => {
    const { app } = createTestConsole({}, { tokens: TOKENS })
    const asked = await app.request('/runs?prefix=a%20b')
    expect(asked.headers.get('location')).toBe('/login?next=%2Fruns%3Fprefix%3Da%2520b')
    const page = await app.request(asked.headers.get('location') ?? '')
    const [, next = ''] = /name="next" value="([^"]*)"/.exec(await page.text()) ?? []
    const to = async (where: string) =>
      (await app.request('/login', formOf({ token: TOKENS.reader, next: where }))).headers.get('location')
    expect(await to(next)).toBe('/runs?prefix=a%20b')
    for (const foreign of [
      '//evil.example/',
      '/\\evil.example',
      'https://evil.example/',
      '/.//evil.example',
      'runs',
    ])
      expect(await to(foreign)).toBe('/')
  })

  it('that has ended is an answer of its own for a page that is open, which stays', async () => {
    const { app, calls } = createTestConsole({}, { tokens: TOKENS })
    const answer = await app.request('/runs', { headers: { 'x-part': 'main', cookie: 'sluice_session=old' } })
    expect([answer.status, calls]).toEqual([401, []])
    expect(await answer.json()).toMatchObject({ detail: 'the login has ended: log in again' })
  })

  it('ends', async () => {
    const { app } = createTestConsole({}, { tokens: TOKENS })
    const cookie = `sluice_session=${sessionOf(TOKENS, 'reader')}`
    const answer = await app.request('/logout', formOf({}, { cookie }))
    expect(answer.headers.get('set-cookie')).toMatch(/^sluice_session=; Max-Age=0/)
  })
})

describe('a link that logs in', () => {
  /** As the real store: the first to begin with a key has it. */
  function createAnswers(): Pick<AnswerStore, 'begin'> {
    const used = new Set<string>()
    return {
      begin(key) {
        if (used.has(key)) return Promise.resolve({ kind: 'answered', answer: { status: 303, body: '' } })
        used.add(key)
        const done = () => Promise.resolve()
        return Promise.resolve({ kind: 'begun', keep: done, forget: done, doubt: done })
      },
    }
  }

  it('does so once, as the highest role that has a token', async () => {
    const { app } = createTestConsole({ answers: createAnswers() }, { tokens: TOKENS, base: '/sluice' })
    const path = loginPathOf(TOKENS) ?? ''
    const first = await app.request(path)
    expect([first.status, first.headers.get('location')]).toEqual([303, '/sluice/'])
    const cookie = first.headers.get('set-cookie')?.split(';')[0] ?? ''
    expect(roleOfSession(TOKENS, cookie.split('=')[1])).toBe('operator')
    const second = await app.request(path)
    expect(second.status).toBe(401)
    expect(second.headers.get('set-cookie')).toBeNull()
    expect(await second.text()).toContain('This link has been used')
    // The browser that has used it may reload it.
    expect((await app.request(path, { headers: { cookie } })).headers.get('location')).toBe('/sluice/')
  })

  it('is not used by a program that asks for its headers alone', async () => {
    const { app } = createTestConsole({ answers: createAnswers() }, { tokens: TOKENS })
    const path = loginPathOf(TOKENS) ?? ''
    const looked = await app.request(path, { method: 'HEAD' })
    expect([looked.status, looked.headers.get('set-cookie')]).toEqual([200, null])
    expect((await app.request(path)).status).toBe(303)
  })

  it('ends after an hour, and with its token', async () => {
    const { app } = createTestConsole({ answers: createAnswers() }, { tokens: TOKENS })
    const old = loginPathOf(TOKENS, Date.now() - LINK_MS) ?? ''
    const other = loginPathOf({ operator: 'n'.repeat(32) }) ?? ''
    expect((await app.request(old)).status).toBe(401)
    expect((await app.request(other)).status).toBe(401)
  })

  it('is not a session, and a session is not one', async () => {
    const { app } = createTestConsole({ answers: createAnswers() }, { tokens: TOKENS })
    const link = (loginPathOf(TOKENS) ?? '').split('=')[1]
    expect(roleOfSession(TOKENS, link)).toBeUndefined()
    expect((await app.request(`/login?link=${sessionOf(TOKENS, 'operator')}`)).status).toBe(401)
  })

  it('is not used up while Redis is away', async () => {
    const begin = () => Promise.reject(new UnreachableError('Redis does not answer'))
    const { app } = createTestConsole({ answers: { begin } }, { tokens: TOKENS })
    expect((await app.request(loginPathOf(TOKENS) ?? '')).status).toBeGreaterThanOrEqual(500)
  })

  it('does not exist while no token is set, and leads to the first page all the same', async () => {
    expect(loginPathOf({})).toBeUndefined()
    expect(await placeOf(createTestConsole().app, '/login?link=x', { host: 'localhost' })).toBe('/')
  })
})

describe('a session', () => {
  const session = sessionOf(TOKENS, 'reader', 0)

  it('ends after twelve hours', () => {
    expect(roleOfSession(TOKENS, session, SESSION_MS - 1)).toBe('reader')
    expect(roleOfSession(TOKENS, session, SESSION_MS)).toBeUndefined()
  })

  it.each([
    { change: 'another role', text: session.replace('reader', 'operator') },
    { change: 'a later end', text: session.replace(`.${SESSION_MS}.`, `.${SESSION_MS * 9}.`) },
    { change: 'another signature', text: session.replace(/.$/, (char) => (char === 'A' ? 'B' : 'A')) },
    { change: 'no signature', text: session.split('.').slice(0, 4).join('.') },
    { change: 'no text', text: '' },
  ])('with $change is not one', ({ text }) => {
    expect(text).not.toBe(session)
    expect(roleOfSession(TOKENS, text, 0)).toBeUndefined()
  })

  it('ends when the token of its role changes, or goes', () => {
    expect(roleOfSession({ ...TOKENS, reader: 'new' }, session, 0)).toBeUndefined()
    expect(roleOfSession({ operator: TOKENS.operator }, session, 0)).toBeUndefined()
  })
})
