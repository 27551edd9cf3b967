/** Every page, as each role, with nothing, one and a thousand of everything, and with names that strangers choose. */
import { describe, expect, it } from 'vitest'
import { sessionOf } from '../../../../runtime/api/login/session.ts'
import { RUN_ID } from '../../api/examples.ts'
import { answersOf, HOSTILE, HTML, type Amount } from '../full-answers.ts'
import { faultsOf } from '../html.ts'
import { createTestConsole } from '../test-console.ts'

const TOKENS = { reader: 'r'.repeat(32), operator: 'o'.repeat(32), admin: 'a'.repeat(32) }
const ROLES = ['reader', 'operator', 'admin'] as const

/** Each with what a reader never sees of it. */
const PAGES = [
  '/',
  '/runs',
  `/runs/${RUN_ID}`,
  '/objects/incoming?key=a',
  '/dead-letters',
  '/system',
  '/jobs/01JOB',
  '/streams',
  '/streams/cam0',
  '/upload',
] as const

async function pageOf(path: string, amount: Amount, role: (typeof ROLES)[number] = 'admin'): Promise<string> {
  const { app } = createTestConsole(answersOf(amount), {
    tokens: TOKENS,
    storeOrigin: 'https://s3.example.org',
  })
  const cookie = `sluice_session=${sessionOf(TOKENS, role)}`
  const answer = await app.request(path, { headers: { cookie } })
  expect(answer.status).toBe(200)
  return answer.text()
}

/** A thousand once: what differs by role is there with one. */
const CASES = [
  ...ROLES.flatMap((role) => [0, 1].map((count) => ({ role, count }))),
  { role: 'admin', count: 1_000 },
] as const

describe.each(PAGES)('%s', (path) => {
  it.each(CASES)('is well-formed for the role $role with $count of everything', async ({ role, count }) => {
    const html = await pageOf(path, { count, key: 'a.mp4' }, role)
    expect(faultsOf(html)).toEqual([])
    expect(html).toMatch(/^<!doctype html>/)
  })

  it.each(Object.entries(HOSTILE))('shows the %s of a stranger as text', async (_, key) => {
    const html = await pageOf(path, { count: 9, key })
    expect(faultsOf(html)).toEqual([])
    expect(html.match(/<img src=x|<script>/)).toBeNull()
    expect(html.match(/[\u202a-\u202e\u2066-\u2069\u0007\u2028]|\p{Cs}/u)).toBeNull()
  })

  it('has no way to change anything for a reader', async () => {
    const html = await pageOf(path, { count: 9, key: 'a.mp4' }, 'reader')
    const actions = [...html.matchAll(/<form[^>]* method="post"[^>]* action="([^"]*)"/g)].map(([, to]) => to)
    expect(new Set(actions)).toEqual(new Set(['/logout', '/theme']))
    expect(html.match(/formaction|<input type="checkbox" name="(?:run|kind)"|role="switch"/)).toBeNull()
  })

  it('has only addresses below the base path', async () => {
    const { app } = createTestConsole(answersOf({ count: 9, key: HTML }), { base: '/sluice' })
    const html = await (await app.request(path)).text()
    const addresses = [...html.matchAll(/ (?:href|action|formaction|src)="([^"#][^"]*)"/g)].map(
      ([, to]) => to,
    )
    expect(addresses.length).toBeGreaterThan(5)
    expect(addresses.filter((to) => !to?.startsWith('/sluice/'))).toEqual([])
  })

  it('leads to the login without a session, and asks nobody anything', async () => {
    const { app, calls } = createTestConsole(answersOf({ count: 1, key: 'a' }), { tokens: TOKENS })
    const answer = await app.request(path)
    expect([answer.status, answer.headers.get('location')?.split('?')[0], calls]).toEqual([303, '/login', []])
  })
})

it('a page that is not there is well-formed too', async () => {
  const { app } = createTestConsole(answersOf({ count: 0, key: '' }))
  const answer = await app.request('/nothing')
  expect([answer.status, faultsOf(await answer.text())]).toEqual([404, []])
})
