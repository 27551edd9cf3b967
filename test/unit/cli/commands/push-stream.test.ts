/** `sluice streams push`, against a receiver that the test plays. */
import { EventEmitter, once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { sluice } from './fake-api.ts'

const SUMMARY = { name: 'cam1', session: 's1', pieces: 3, seconds: 12, sizeBytes: 2_048, droppedSeconds: 0 }
const BYTES = Buffer.alloc(3_000_000, 'x')

let dir: string
let file: string
let server: Server | undefined
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'sluice-push-'))
  file = join(dir, 'a.ts')
  await writeFile(file, BYTES)
})
afterEach(async () => {
  server?.closeAllConnections()
  server?.close()
  await rm(dir, { recursive: true, force: true })
})

type Serve = (request: IncomingMessage, response: ServerResponse) => Promise<void> | void

/** Its address; `serve` decides whether the sender may continue. */
async function startReceiver(serve: Serve): Promise<string> {
  server = createServer()
  server.on(
    'checkContinue',
    (request: IncomingMessage, response: ServerResponse) => void serve(request, response),
  )
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const answer = (response: ServerResponse, status: number, body: object) =>
  response
    .writeHead(status, { 'content-type': status < 400 ? 'application/json' : 'application/problem+json' })
    .end(JSON.stringify(body))

describe('a file that is pushed', () => {
  it('arrives whole, with the token, after the receiver agreed; its summary is printed', async () => {
    let received: { request: IncomingMessage; bytes: Buffer } | undefined
    const to = await startReceiver(async (request, response) => {
      response.writeContinue()
      received = { request, bytes: await buffer(request) }
      answer(response, 201, SUMMARY)
    })
    const env = { SLUICE_TOKEN: 'the-secret-of-a-key' }
    const { code, out, err } = await sluice(['streams', 'push', 'cam1', file, '--to', to], {
      env,
      columns: 80,
    })
    expect({ code, out }).toEqual({
      code: 0,
      out: 'cam1: session s1: 3 pieces, 12s of media, 2 KiB; nothing was dropped\n',
    })
    expect(received?.bytes.equals(BYTES)).toBe(true)
    expect(received?.request).toMatchObject({ method: 'PUT', url: '/v1/streams/cam1' })
    expect(received?.request.headers).toMatchObject({
      authorization: 'Bearer the-secret-of-a-key',
      'content-length': String(BYTES.length),
    })
    expect(err).toMatch(/ % of 2\.9 MiB sent …/)
  })

  it('is sent elsewhere without the tokens of this machine', async () => {
    let given: string | undefined
    const to = await startReceiver(async (request, response) => {
      given = request.headers.authorization
      response.writeContinue()
      await buffer(request)
      answer(response, 201, SUMMARY)
    })
    const env = { SLUICE_TOKEN_ADMIN: 'the-token-of-an-admin' }
    expect((await sluice(['streams', 'push', 'cam1', file, '--to', to], { env })).code).toBe(0)
    expect(given).toBeUndefined()
  })

  it('is not read when the receiver refuses it, and its reason is printed', async () => {
    const to = await startReceiver(
      (_, response) => void answer(response, 409, { detail: 'cam1 is live from 192.0.2.7' }),
    )
    const { code, err } = await sluice(['streams', 'push', 'cam1', file, '--to', to])
    expect({ code, err }).toEqual({ code: 1, err: 'sluice: cam1 is live from 192.0.2.7\n' })
  })

  it('that is refused while it is sent ends with that reason', async () => {
    const to = await startReceiver((request, response) => {
      response.writeContinue()
      request.once('data', () => answer(response, 415, { detail: 'this cannot be received' }))
    })
    const { code, err } = await sluice(['streams', 'push', 'cam1', file, '--to', to])
    expect({ code, err }).toEqual({ code: 1, err: 'sluice: this cannot be received\n' })
  })

  it('of which something was dropped says how much', async () => {
    const to = await startReceiver(async (request, response) => {
      response.writeContinue()
      await buffer(request)
      answer(response, 201, { ...SUMMARY, droppedSeconds: 4 })
    })
    const { code, out } = await sluice(['streams', 'push', 'cam1', file, '--to', to])
    expect(code).toBe(0)
    expect(out).toContain('; 4s was dropped\n')
  })

  it('stops at Ctrl-C with the exit code of that', async () => {
    const signals = new EventEmitter()
    const to = await startReceiver((request, response) => {
      response.writeContinue()
      request.once('data', () => signals.emit('SIGINT'))
      request.on('error', () => undefined)
    })
    expect((await sluice(['streams', 'push', 'cam1', file, '--to', to], { signals })).code).toBe(130)
  })

  it('without a receiver exits with 3, and says what to start', async () => {
    const { code, err } = await sluice(['streams', 'push', 'cam1', file, '--to', 'http://127.0.0.1:1'])
    expect({ code, err }).toEqual({ code: 3, err: expect.stringContaining('role streams') })
  })

  it.each([
    ['nothing.ts', /cannot be read: ENOENT/],
    ['.', /is not a file/],
  ])('is a usage error for %s', async (path, message) => {
    const { code, err } = await sluice(['streams', 'push', 'cam1', join(dir, path)])
    expect({ code, err }).toEqual({ code: 2, err: expect.stringMatching(message) })
  })
})
