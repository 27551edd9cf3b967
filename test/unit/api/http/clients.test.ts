/** Slow, greedy and malformed clients of the HTTP interface: none stops it for others, and none gets in. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freePort } from '../../../../infra/local/settings/ports.ts'
import { createLogger } from '../../../../runtime/telemetry/logger.ts'
import { listen } from '../../../../runtime/api/http/listen.ts'
import { waitFor } from '../../../helpers/wait.ts'
import { createTestApi } from '../test-api.ts'

const LARGE = 64 * 1024 * 1024
const PATIENT = { headersMs: 60_000, requestMs: 60_000, idleMs: 60_000, connections: 100, checkMs: 1_000 }
const log = createLogger({ level: 'silent', format: 'json' })
/** Aborted when the server gives up sending. */
const cut = new AbortController()
let port: number
let close: () => void
const { app, calls } = createTestApi({
  runs: { list: () => Promise.resolve({ items: [], nextCursor: null }) },
  files: {
    send: () => {
      const chunk = new Uint8Array(64 * 1024)
      let left = LARGE / chunk.length
      const body = new ReadableStream({
        pull: (controller) => (left-- > 0 ? controller.enqueue(chunk) : controller.close()),
        cancel: () => cut.abort(),
      })
      return Promise.resolve(new Response(body, { headers: { 'content-length': String(LARGE) } }))
    },
  },
})
beforeAll(async () => {
  port = await freePort()
  const limits = { headersMs: 150, requestMs: 300, idleMs: 400, connections: 100, checkMs: 20 }
  close = await listen(app, { apiHost: '127.0.0.1', apiPort: port }, log, limits)
})
afterAll(() => close())

const open = async (at = port): Promise<Socket> => {
  const socket = connect(at, '127.0.0.1')
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  return socket
}
const isAlive = async () => (await fetch(`http://127.0.0.1:${port}/v1/runs`)).status

async function send(bytes: string | Buffer): Promise<string> {
  const socket = await open()
  socket.end(bytes)
  return text(socket).catch(() => '')
}

describe('a slow client', () => {
  it('that sends its headers byte by byte is answered 408 and closed, while others are served', async () => {
    const socket = await open()
    const answer = text(socket)
    const drip = setInterval(() => socket.write('a'), 10)
    socket.write('GET /v1/runs HTTP/1.1\r\nHost: localhost\r\nX-Slow: ')
    expect(await isAlive()).toBe(200)
    expect(await answer.finally(() => clearInterval(drip))).toMatch(/^HTTP\/1\.1 408 /)
  })

  it('that sends its body byte by byte is closed, and nothing is done', async () => {
    calls.length = 0
    const socket = await open()
    const answer = text(socket)
    const drip = setInterval(() => socket.write(' '), 10)
    socket.write(
      'POST /v1/reprocess HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 999999\r\n\r\n',
    )
    expect(await isAlive()).toBe(200)
    expect(await answer.catch(() => 'cut').finally(() => clearInterval(drip))).not.toMatch(/^HTTP\/1\.1 2/)
    expect(calls.filter(({ name }) => name !== 'runs.list')).toEqual([])
  })

  it('that reads nothing of its answer is cut', async () => {
    const socket = await open()
    socket.pause()
    socket.write('GET /v1/files/processed/film.mp4 HTTP/1.1\r\nHost: localhost\r\n\r\n')
    await once(cut.signal, 'abort')
    expect(await isAlive()).toBe(200)
    socket.destroy()
  })
})

it('clients beyond the limit are closed at once, and served when others have gone', async () => {
  const few = await freePort()
  const stop = await listen(app, { apiHost: '127.0.0.1', apiPort: few }, log, { ...PATIENT, connections: 3 })
  const held = await Promise.all([open(few), open(few), open(few)])
  const closed = await open(few)
  expect(await text(closed)).toBe('')
  for (const socket of held) socket.destroy()
  const status = () =>
    fetch(`http://127.0.0.1:${few}/v1/runs`).then(
      (answer) => answer.status,
      () => undefined,
    )
  expect(await waitFor(status, { timeoutMs: 5_000, what: 'an answer' })).toBe(200)
  stop()
})

const HOST = 'Host: localhost'
describe('a malformed request', () => {
  it.each([
    ['a greeting of TLS', Buffer.from('160301020001000001fc0303', 'hex')],
    ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['no HTTP', 'HELO me\r\n\r\n'],
    ['zeros', Buffer.alloc(9_000)],
    ['no host', 'GET /v1/runs HTTP/1.1\r\n\r\n'],
    ['a host that is not one', 'GET /v1/runs HTTP/1.1\r\nHost: a b\r\n\r\n'],
    ['a line break in a header', `GET /v1/runs HTTP/1.1\r\n${HOST}\r\nX: a\rb\r\n\r\n`],
    ['a space in the name of a header', `GET /v1/runs HTTP/1.1\r\n${HOST}\r\nA B: c\r\n\r\n`],
    ['headers of 20 KiB', `GET /v1/runs HTTP/1.1\r\n${HOST}\r\nX: ${'a'.repeat(20_480)}\r\n\r\n`],
    ['an address of 20 KiB', `GET /v1/runs?q=${'a'.repeat(20_480)} HTTP/1.1\r\n${HOST}\r\n\r\n`],
    ['two lengths', `POST /v1/sweep HTTP/1.1\r\n${HOST}\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}`],
    ['a negative length', `POST /v1/sweep HTTP/1.1\r\n${HOST}\r\nContent-Length: -1\r\n\r\n`],
    [
      'a length and chunks, of which one hides a second request',
      `POST /v1/sweep HTTP/1.1\r\n${HOST}\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nPOST /v1/sweep HTTP/1.1\r\n\r\n`,
    ],
    [
      'a chunk without a length',
      `POST /v1/sweep HTTP/1.1\r\n${HOST}\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n`,
    ],
    ['a broken escape', `GET /v1/objects/incoming/%ff HTTP/1.1\r\n${HOST}\r\nConnection: close\r\n\r\n`],
    ['half an escape', `GET /v1/objects/incoming/%f HTTP/1.1\r\n${HOST}\r\nConnection: close\r\n\r\n`],
    [
      'a body that is not UTF-8',
      Buffer.concat([
        Buffer.from(
          `POST /v1/sweep HTTP/1.1\r\n${HOST}\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: 4\r\n\r\n`,
        ),
        Buffer.from('22ff2220', 'hex'),
      ]),
    ],
  ])('is refused, reaches no service, and harms nobody: %s', async (_, bytes) => {
    calls.length = 0
    expect(await send(bytes)).toMatch(/^(?:HTTP\/1\.1 4\d\d |$)/)
    expect(calls).toEqual([])
    expect(await isAlive()).toBe(200)
  })
})
