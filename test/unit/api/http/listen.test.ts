import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freePort } from '../../../../infra/local/settings/ports.ts'
import { createLogger } from '../../../../runtime/telemetry/logger.ts'
import { listen } from '../../../../runtime/api/http/listen.ts'
import { RUN, RUN_ID } from '../examples.ts'
import { createTestApi } from '../test-api.ts'

let port: number
let close: () => void
const { app, calls } = createTestApi({
  runs: { list: () => Promise.resolve({ items: [], nextCursor: null }) },
})
beforeAll(async () => {
  port = await freePort()
  const log = createLogger({ level: 'silent', format: 'json' })
  close = await listen(app, { apiHost: '127.0.0.1', apiPort: port }, log)
})
afterAll(() => close())

/** The answer to exactly these bytes. */
async function send(...lines: readonly string[]): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  socket.end(`${lines.join('\r\n')}\r\nConnection: close\r\n\r\n`)
  return text(socket)
}

describe('a header that must not be repeated', () => {
  it.each([
    ['Host', 'localhost', 'other.example'],
    ['host', 'localhost', 'localhost'],
    ['Authorization', 'Bearer a', 'Bearer b'],
    ['Content-Type', 'application/json', 'text/plain'],
    ['Origin', 'http://localhost', 'http://other.example'],
    ['Idempotency-Key', 'a', 'b'],
  ])('is a 400 when it is repeated: %s', async (name, first, second) => {
    const host = name.toLowerCase() === 'host' ? [] : ['Host: localhost']
    const answer = await send('GET /v1/runs HTTP/1.1', ...host, `${name}: ${first}`, `${name}: ${second}`)
    expect(answer).toMatch(/^HTTP\/1\.1 400 /)
    expect(answer).toContain('content-type: application/problem+json')
    expect(answer).toContain(`the header ${name.toLowerCase()} is repeated`)
    expect(calls).toEqual([])
  })

  it('is accepted once, and other headers may be repeated', async () => {
    const answer = await send('GET /v1/runs HTTP/1.1', 'Host: localhost', 'X-Two: a', 'X-Two: b')
    expect(answer).toMatch(/^HTTP\/1\.1 200 /)
  })
})

it.each([
  ['GET /healthz HTTP/1.1', 'Host: localhost'],
  ['GET /nothing HTTP/1.1', 'Host: localhost'],
  ['GET /v1/runs HTTP/1.1', 'Host: other.example'],
  ['GET /v1\\runs HTTP/1.1', 'Host: localhost'],
  ['GET /v1/runs HTTP/1.1', 'Host: localhost', 'Host: localhost'],
])('forbids browsers to guess another content type: %j', async (...lines) => {
  expect((await send(...lines)).toLowerCase()).toContain('x-content-type-options: nosniff')
})

it('answers below the base path, and without it, as some proxies take it away', async () => {
  const port = await freePort()
  const log = createLogger({ level: 'silent', format: 'json' })
  const below = createTestApi(
    { jobs: {}, runs: { retry: () => Promise.resolve({ ...RUN, id: RUN_ID }) } },
    { base: '/sluice' },
  )
  const end = await listen(below.app, { apiHost: '127.0.0.1', apiPort: port, basePath: '/sluice' }, log)
  try {
    for (const path of ['/sluice/healthz', '/healthz'])
      expect([path, (await fetch(`http://127.0.0.1:${port}${path}`)).status]).toEqual([path, 200])
    const retry = await fetch(`http://127.0.0.1:${port}/sluice/v1/runs/${RUN_ID}/retry`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    })
    expect([retry.status, retry.headers.get('location')]).toEqual([202, `/sluice/v1/runs/${RUN_ID}`])
    const document = await fetch(`http://127.0.0.1:${port}/sluice/openapi.json`)
    expect(await document.json()).toMatchObject({ servers: [{ url: '/sluice' }] })
  } finally {
    end()
  }
})
