import { once } from 'node:events'
import { createServer, type AddressInfo, type Server } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { createSmallCalls } from '../../../runtime/storage/small-call.ts'

let server: Server | undefined

afterEach(() => server?.close())

/** Answers the first bytes of each connection with these, and closes it. */
async function serverThatSays(text: string): Promise<string> {
  server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.once('data', () => socket.end(text))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/bucket/key`
}

describe('an answer that is cut off', () => {
  it.each([
    ['before its length', 'Content-Length: 100\r\n\r\n{"a":'],
    [
      'before its length, on a connection that was to be closed',
      'Connection: close\r\nContent-Length: 100\r\n\r\n{"a":',
    ],
    ['within a piece', 'Transfer-Encoding: chunked\r\n\r\n20\r\n{"a":'],
    [
      'within a piece, on a connection that was to be closed',
      'Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n20\r\n{"a":',
    ],
    [
      'between pieces, on a connection that was to be closed',
      'Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"a":\r\n',
    ],
  ])('%s is an error that a retry may end', async (_, rest) => {
    const url = await serverThatSays(`HTTP/1.1 200 OK\r\n${rest}`)
    const calls = createSmallCalls({ idleTimeoutMs: 5_000 })
    try {
      const answer = calls.call({ method: 'GET', url, headers: {} }, 1_000)
      await expect(answer).rejects.toMatchObject({
        name: 'StorageError',
        code: 'ECONNRESET',
        isPassing: true,
      })
    } finally {
      calls.close()
    }
  })
})
