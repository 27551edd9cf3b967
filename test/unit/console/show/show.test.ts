import { gunzipSync } from 'node:zlib'
import { expect, it } from 'vitest'
import { sessionOf } from '../../../../runtime/api/login/session.ts'
import { FUNCTION, RUN } from '../../api/examples.ts'
import { createTestConsole, formOf } from '../test-console.ts'

const RUNS = { list: () => Promise.resolve({ items: [RUN], nextCursor: null }) }
const ANSWERS = { runs: RUNS, functions: { list: () => Promise.resolve([]) } }
const asPart = (headers: Record<string, string> = {}) => ({ headers: { 'x-part': 'main', ...headers } })

it('a page in a browser gets its middle alone, packed, and nothing while it is the same', async () => {
  const { app } = createTestConsole(ANSWERS)
  const answer = await app.request('/runs', asPart({ 'accept-encoding': 'gzip, br' }))
  const html = gunzipSync(await answer.arrayBuffer()).toString()
  expect(html).toMatch(/^<main id="main"[^>]* data-live="all" data-title="Runs · Sluice"[^]*<\/main>$/)
  expect(answer.headers.get('content-encoding')).toBe('gzip')
  const etag = answer.headers.get('etag') ?? ''
  const again = await app.request('/runs', asPart({ 'x-etag': etag }))
  expect([again.status, await again.text(), again.headers.get('etag')]).toEqual([204, '', etag])
  expect(await (await app.request('/runs', asPart({ 'accept-encoding': 'gzip;q=0' }))).text()).toBe(html)
})

it('the middle of a page is read once for pages that ask together, and apart for another address', async () => {
  const { app, calls } = createTestConsole(ANSWERS)
  const ask = (path: string) => app.request(path, asPart({ 'x-within': '900' }))
  await Promise.all([ask('/runs'), ask('/runs'), ask('/runs'), ask('/runs?status=dead')])
  expect(calls.filter(({ name }) => name === 'runs.list')).toHaveLength(2)
})

it('a reader gets no drawing that was made for an operator', async () => {
  const tokens = { reader: 'r'.repeat(32), operator: 'o'.repeat(32) }
  const { app } = createTestConsole(ANSWERS, { tokens })
  const get = async (role: 'reader' | 'operator') => {
    const cookie = `sluice_session=${sessionOf(tokens, role)}`
    return (await app.request('/runs', asPart({ cookie, 'x-within': '900' }))).text()
  }
  expect(await get('operator')).toContain('type="checkbox" name="run"')
  expect(await get('reader')).not.toContain('type="checkbox" name="run"')
})

it('the notice of one person is not in the middle that others get', async () => {
  const { app } = createTestConsole(ANSWERS)
  const cookie = 'sluice_notice=It%20is%20done.'
  const own = await app.request('/runs', asPart({ cookie }))
  expect(await own.text()).toContain('It is done.')
  const other = await app.request('/runs', asPart({ 'x-within': '900' }))
  expect(await other.text()).not.toContain('It is done.')
})

it('a change by a script leads to the middle of the page with what was done', async () => {
  const pause = () => Promise.resolve(FUNCTION)
  const { app } = createTestConsole({ ...ANSWERS, functions: { ...ANSWERS.functions, pause } })
  const form = formOf({}, { referer: 'http://localhost/runs', host: 'localhost', 'x-part': 'main' })
  const answer = await app.request('/functions/cut/pause', form)
  expect([answer.status, answer.headers.get('location')]).toEqual([303, '/runs'])
})

it('a page that is open learns in a sentence why it cannot be drawn', async () => {
  const away = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })
  const { app } = createTestConsole({ ...ANSWERS, runs: { list: () => Promise.reject(away) } })
  const part = await app.request('/runs', asPart())
  expect(part.status).toBe(503)
  expect(await part.json()).toMatchObject({
    detail: expect.stringMatching(/^Redis does not answer/) as string,
  })
  // One that is opened now asks again by itself.
  expect(await (await app.request('/runs')).text()).toMatch(/<main [^>]*data-retry=""/)
  expect((await app.request('/nothing', asPart())).status).toBe(404)
})
