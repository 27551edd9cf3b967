import { once } from 'node:events'
import { createServer, request as requestOf, type ClientRequest, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { nextPauseMs, pourBody, type BodyEnd } from '../../../../../runtime/reception/doors/http/body.ts'

const server = createServer()
const stopping = new AbortController()

afterEach(() => {
  server.closeAllConnections()
  server.close()
})

interface Poured {
  readonly sender: ClientRequest
  readonly chunks: Buffer[]
  readonly ended: Promise<BodyEnd>
}

/** A sender that is connected, with what was taken of its body. */
async function pour(take: (chunk: Buffer) => Promise<void> = () => Promise.resolve()): Promise<Poured> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const sender = requestOf({ host: '127.0.0.1', port, method: 'PUT' })
  // A server that ends a connection resets it.
  sender.on('error', () => undefined)
  sender.flushHeaders()
  const [request] = (await once(server, 'request')) as [IncomingMessage]
  const chunks: Buffer[] = []
  const ended = pourBody(
    request,
    async (chunk) => {
      chunks.push(chunk)
      await take(chunk)
    },
    stopping.signal,
  )
  return { sender, chunks, ended }
}

const written = (sender: ClientRequest, text: string) =>
  new Promise<void>((resolve) => sender.write(text, () => resolve()))

describe('the body of a sender', () => {
  it('is taken whole and in order, many small packets at once', async () => {
    const { sender, chunks, ended } = await pour()
    const packets = Array.from({ length: 200 }, (_, index) => `${index}\n`)
    for (const packet of packets) await written(sender, packet)
    sender.end()
    expect(await ended).toBe('complete')
    expect(Buffer.concat(chunks).toString()).toBe(packets.join(''))
    expect(chunks.length).toBeLessThan(packets.length / 2)
  })

  it('is taken up to its last byte when the connection breaks', async () => {
    let arrived: (() => void) | undefined
    const first = new Promise<void>((resolve) => (arrived = resolve))
    const { sender, chunks, ended } = await pour(() => Promise.resolve(arrived?.()))
    await written(sender, 'first,')
    await first
    await written(sender, 'last')
    sender.socket?.end()
    expect(await ended).toBe('broken')
    expect(Buffer.concat(chunks).toString()).toBe('first,last')
  })

  it('is not read while a chunk is being taken', async () => {
    let isTaking = false
    const { sender, ended } = await pour(async () => {
      expect(isTaking).toBe(false)
      isTaking = true
      await new Promise((resolve) => setImmediate(resolve))
      isTaking = false
    })
    for (let count = 0; count < 20; count++) await written(sender, 'x'.repeat(64 * 1024))
    sender.end()
    expect(await ended).toBe('complete')
  })

  it('fails with what could not be taken', async () => {
    const { sender, ended } = await pour(() => Promise.reject(new Error('no room')))
    sender.write('x')
    await expect(ended).rejects.toThrow('no room')
  })
})

describe('the pauses in which packets gather', () => {
  /** The pause for a sender of so many bytes a second of which a socket holds 64 KiB. */
  function settled(bytesPerSecond: number): number {
    let pauseMs = 20
    for (let round = 0; round < 40; round++)
      pauseMs = nextPauseMs(pauseMs, Math.min(64 * 1024, (bytesPerSecond * pauseMs) / 1_000))
    return pauseMs
  }

  it('are long for a slow sender, and never so long that a socket is full', () => {
    expect(settled(60_000)).toBe(200)
    for (const rate of [0.3e6, 0.55e6, 2.5e6, 12e6]) {
      const pauseMs = settled(rate)
      expect((rate * pauseMs) / 1_000, `${rate} bytes a second`).toBeLessThan(60 * 1024)
      expect(pauseMs).toBeGreaterThan(1)
    }
  })

  it('hardly hold back a sender that is as fast as it can be', () => {
    expect(settled(1e9)).toBe(1)
  })
})
