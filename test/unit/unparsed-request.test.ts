import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { answerUnparsed, unparsedProblem } from '../../runtime/unparsed-request.ts'

let server: Server
beforeAll(async () => {
  server = createServer((request, response) => {
    response.write('half of an answer')
    request.on('error', () => undefined).resume()
  })
  answerUnparsed(server)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
})
afterAll(() => void server.close())

async function answerTo(bytes: string): Promise<string> {
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  socket.on('error', () => undefined).write(bytes)
  return text(socket)
}

it.each([
  ['bytes that are no request', 'not HTTP at all\r\n\r\n', 400, /not a request/],
  [
    'headers that are too large',
    `GET / HTTP/1.1\r\nx: ${'y'.repeat(20_000)}\r\n\r\n`,
    431,
    /larger than 16 KiB/,
  ],
])('answers %s with a problem', async (_what, bytes, status, detail) => {
  const [head = '', body = ''] = (await answerTo(bytes)).split('\r\n\r\n')
  expect(head).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
  expect(head).toContain('content-type: application/problem+json')
  expect(JSON.parse(body)).toMatchObject({ status, detail: expect.stringMatching(detail) as string })
})

it('adds nothing to an answer that has begun', async () => {
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  socket.on('error', () => undefined).setEncoding('latin1')
  socket.write('PUT / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n')
  const [begun] = (await once(socket, 'data')) as [string]
  expect(begun).toMatch(/^HTTP\/1\.1 200 /)
  socket.write('not the size of a chunk\r\n')
  expect(await text(socket)).not.toContain('HTTP/1.1')
})

it('says of a request that was too slow that it can be sent again', () => {
  expect(unparsedProblem('ERR_HTTP_REQUEST_TIMEOUT')).toMatchObject({ status: 408 })
})
