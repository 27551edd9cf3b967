import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freePort } from '../../../../infra/local/settings/ports.ts'
import { createLogger } from '../../../../runtime/telemetry/logger.ts'
import { listen } from '../../../../runtime/api/http/listen.ts'
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

/** What is answered to these very bytes. */
async function send(...lines: readonly string[]): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  socket.end(`${lines.join('\r\n')}\r\nConnection: close\r\n\r\n`)
  return text(socket)
}

describe('a header that may be there once', () => {
  it.each([
    ['Host', 'localhost', 'other.example'],
    ['host', 'localhost', 'localhost'],
    ['Authorization', 'Bearer a', 'Bearer b'],
    ['Content-Type', 'application/json', 'text/plain'],
    ['Origin', 'http://localhost', 'http://other.example'],
    ['Idempotency-Key', 'a', 'b'],
  ])('is a 400 when it is there twice: %s', async (name, first, second) => {
    const host = name.toLowerCase() === 'host' ? [] : ['Host: localhost']
    const answer = await send('GET /v1/runs HTTP/1.1', ...host, `${name}: ${first}`, `${name}: ${second}`)
    expect(answer).toMatch(/^HTTP\/1\.1 400 /)
    expect(answer).toContain('content-type: application/problem+json')
    expect(answer).toContain(`the header ${name.toLowerCase()} is there twice`)
    expect(calls).toEqual([])
  })

  it('is taken when it is there once, and others may be there twice', async () => {
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
])('tells browsers to take no answer for another type than it has: %j', async (...lines) => {
  expect((await send(...lines)).toLowerCase()).toContain('x-content-type-options: nosniff')
})
