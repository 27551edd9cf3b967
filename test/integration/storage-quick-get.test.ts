import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { quickGet, type QuickAnswer } from '../../runtime/storage/quick-get.ts'

const IDLE_MS = 400

/** Answers a request on the test server, whose connections are closed at the end. */
let answer: (socket: Socket) => unknown
let asked = ''
const sockets = new Set<Socket>()
const server = createServer((socket) => {
  sockets.add(socket)
  socket.on('error', () => undefined).once('close', () => sockets.delete(socket))
  socket.once('data', (bytes: Buffer) => {
    asked = bytes.toString('latin1')
    void answer(socket)
  })
})
beforeAll(async () => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
})
afterAll(async () => {
  for (const socket of sockets) socket.destroy()
  server.close()
  await once(server, 'close')
})

const open = (signal?: AbortSignal) =>
  quickGet({
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/b/a%20b?sig=1`,
    headers: { range: 'bytes=0-9' },
    signal,
    idleTimeoutMs: IDLE_MS,
  })
const head = (lengthBytes: number) =>
  `HTTP/1.1 206 Partial Content\r\nContent-Length: ${lengthBytes}\r\nETag: "x"\r\n\r\n`

async function textOf(found: QuickAnswer | undefined): Promise<string> {
  let text = ''
  for await (const step of found!.steps) text += step.toString()
  return text
}

describe('an answer of the one kind', () => {
  it('is read to the end, with its headers, as requested', async () => {
    answer = (socket) => socket.end(`${head(10)}0123456789`)
    const found = await open()
    expect(found?.headers).toMatchObject({ 'content-length': '10', etag: '"x"' })
    expect(await textOf(found)).toBe('0123456789')
    expect(asked).toMatch(/^GET \/b\/a%20b\?sig=1 HTTP\/1\.1\r\nhost: 127\.0\.0\.1:\d+\r\n/)
    expect(asked).toContain('\r\nrange: bytes=0-9\r\n')
  })

  it('may come a byte at a time', async () => {
    answer = async (socket) => {
      for (const byte of `${head(3)}abc`) {
        socket.write(byte)
        await pause(1)
      }
    }
    expect(await textOf(await open())).toBe('abc')
  })

  it('ends where its length says, whatever comes after it', async () => {
    answer = (socket) => socket.write(`${head(3)}abcdef`)
    expect(await textOf(await open())).toBe('abc')
  })

  it('of megabytes is whole, however slowly it is taken', async () => {
    const content = Buffer.alloc(5_000_000, 'slowly but surely ')
    answer = (socket) => {
      socket.write(head(content.length))
      socket.write(content)
    }
    const found = await open()
    const steps: Buffer[] = []
    for await (const step of found!.steps) {
      steps.push(Buffer.from(step))
      // Longer than the idle timeout, which must not apply to a slow reader.
      if (steps.length === 2) await pause(2 * IDLE_MS)
    }
    expect(Buffer.concat(steps).equals(content)).toBe(true)
  })
})

describe('an answer that is cut off', () => {
  it.each([
    { how: 'ends early', code: 'ECONNRESET', end: (socket: Socket) => socket.end() },
    { how: 'is reset', code: 'ECONNRESET', end: (socket: Socket) => socket.resetAndDestroy() },
    { how: 'stands still', code: 'ETIMEDOUT', end: () => undefined },
  ])('is a transient error: it $how', async ({ code, end }) => {
    answer = (socket) => socket.write(`${head(10)}01234`, () => end(socket))
    const found = await open()
    await expect(textOf(found)).rejects.toMatchObject({ code, isPassing: true })
  })

  it('because it was aborted says so', async () => {
    const controller = new AbortController()
    answer = (socket) => socket.write(`${head(10)}01234`)
    const found = await open(controller.signal)
    await found?.steps.next()
    controller.abort(new Error('the lease is lost'))
    await expect(found?.steps.next()).rejects.toMatchObject({ code: 'ABORT_ERR' })
  })
})

it.each([
  ['of the whole', 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc'],
  ['in chunks', 'HTTP/1.1 206 Partial Content\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n'],
  ['without a length', 'HTTP/1.1 206 Partial Content\r\n\r\nabc'],
  ['that refuses', 'HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n'],
  ['that is no HTTP', 'what?\r\n\r\n'],
  ['without an end of its head', `HTTP/1.1 206 OK\r\n${'x: y\r\n'.repeat(20_000)}`],
])('an answer %s is left to the ordinary request', async (_, text) => {
  answer = (socket) => socket.end(text)
  expect(await open()).toBeUndefined()
})
