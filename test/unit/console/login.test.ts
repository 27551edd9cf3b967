import { describe, expect, it } from 'vitest'
import { roleOfSession, SESSION_MS, sessionOf } from '../../../runtime/console/session.ts'
import { createTestConsole, formOf } from './test-console.ts'

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

  it('is kept to TLS behind a proxy that speaks it, and to the base path', async () => {
    const { app } = createTestConsole({}, { tokens: TOKENS, base: '/sluice' })
    const form = formOf({ token: TOKENS.reader }, { 'x-forwarded-proto': 'https' })
    const cookie = (await app.request('/login', form)).headers.get('set-cookie')
    expect(cookie).toMatch(/; Path=\/sluice; HttpOnly; Secure; SameSite=Lax$/)
  })

  it('refuses an unknown token, and after five of them every one for a minute', async () => {
    const { app } = createTestConsole({}, { tokens: TOKENS })
    const login = async (token: string) => (await app.request('/login', formOf({ token }))).status
    const answers = []
    for (const token of ['', '1', '2', '3', '4', '5', TOKENS.reader]) answers.push(await login(token))
    expect(answers).toEqual([401, 401, 401, 401, 401, 429, 429])
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
