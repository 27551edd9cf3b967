/**
 * Objects as URLs on loopback, for tools that read files or HTTP: `http://127.0.0.1:<port>/<token>`, ranges included.
 * Such a tool sees no host name, no credential and no network, and only the bytes that it requests. Every user of the machine
 * can read the URL in a tool's arguments, so on Linux it works for this process's own user only.
 * @module
 */
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { messageOf } from '../../errors.ts'
import type { Logger } from '../../telemetry/logger.ts'
import { isForeign } from './client-process.ts'

/** The bytes served at a URL. */
export interface Served {
  readonly sizeBytes: number
  /** The bytes from `start` to `end`, both included; a step is no longer used once the next one is requested. Ended early when the client is gone. */
  read(start: number, end: number, signal: AbortSignal): AsyncIterable<Buffer>
  /** Resolves when bytes may be sent; awaited before each step. It slows the client down, for as long as necessary. */
  room(signal: AbortSignal): Promise<void>
}

export interface RangeProxy {
  /** An unguessable URL, valid until `signal` is aborted, which also ends its open requests. */
  serve(served: Served, signal: AbortSignal): Promise<string>
  /** Ends every request and stops listening. */
  close(): Promise<void>
}

interface Entry {
  readonly served: Served
  /** Aborted when the URL expires. */
  readonly signal: AbortSignal
}

interface Answer {
  readonly start: number
  /** Included. */
  readonly end: number
  readonly head: () => void
}

const TOKEN_BYTES = 32

/** Starts to listen with the first URL. */
export function createRangeProxy(log: Logger): RangeProxy {
  const servedBy = new Map<string, Entry>()
  const welcome = new WeakMap<Socket, Promise<boolean>>()
  let listening: Promise<number> | undefined
  // No time limit: a client may read slowly, and `room` may hold it back.
  const server = createServer((request, response) => {
    answer(request, response).catch((error: Error) => {
      log.debug({ error: error.message }, 'a read through the range proxy was cut off')
      if (response.headersSent) response.destroy()
      else refuse(response, 502, error.message)
    })
  })

  function listen(): Promise<number> {
    return new Promise((resolve, reject) => {
      server.once('error', reject)
      server.listen(0, '127.0.0.1', () => {
        server.off('error', reject)
        server.on('error', (error) => log.error({ error: messageOf(error) }, 'the range proxy failed'))
        resolve((server.address() as AddressInfo).port)
      })
    })
  }

  /** Checked once per connection. */
  function isWelcome(socket: Socket): Promise<boolean> {
    const known = welcome.get(socket) ?? isForeign(socket).then((isOther) => !isOther)
    welcome.set(socket, known)
    return known
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const token = request.url?.slice(1) ?? ''
    // The attempt may end while the client is checked.
    const entry = servedBy.has(token) && (await isWelcome(request.socket)) ? servedBy.get(token) : undefined
    if (!entry) return refuse(response, 404, 'nothing is served here')
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      return refuse(response, 405, 'GET and HEAD only', { allow: 'GET, HEAD' })
    }
    const { sizeBytes } = entry.served
    // Only a GET has ranges: RFC 9110, 14.2.
    const range = parseRange(request.method === 'GET' ? request.headers.range : undefined, sizeBytes)
    if (range.kind === 'unsatisfiable') {
      return refuse(response, 416, `the object has ${sizeBytes} bytes`, {
        'content-range': `bytes */${sizeBytes}`,
      })
    }
    const [start, end] = range.kind === 'part' ? [range.start, range.end] : [0, sizeBytes - 1]
    const head = () =>
      response.writeHead(range.kind === 'part' ? 206 : 200, {
        'accept-ranges': 'bytes',
        // Never the object's own type: the uploader chose it, and FFmpeg would trust it.
        'content-type': 'application/octet-stream',
        'content-length': end - start + 1,
        ...(range.kind === 'part' && { 'content-range': `bytes ${start}-${end}/${sizeBytes}` }),
      })
    if (request.method === 'GET') await send(entry, { start, end, head }, response)
    else head()
    response.end()
  }

  return {
    async serve(served, signal) {
      listening ??= listen().catch((error: unknown) => {
        // For example too many open files: the next attempt may succeed.
        listening = undefined
        throw error
      })
      const port = await listening
      signal.throwIfAborted()
      const token = randomBytes(TOKEN_BYTES).toString('hex')
      servedBy.set(token, { served, signal })
      signal.addEventListener('abort', () => servedBy.delete(token), { once: true })
      return `http://127.0.0.1:${port}/${token}`
    },
    async close() {
      servedBy.clear()
      if (!listening) return
      await listening
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

/** @throws when the object cannot be read to the end, or the client is gone or was disconnected */
async function send(
  { served, signal }: Entry,
  { start, end, head }: Answer,
  response: ServerResponse,
): Promise<void> {
  // Before there was a listener for that.
  if (response.destroyed) throw new Error('the client is gone')
  const gone = new AbortController()
  const sendAway = () => response.destroy()
  signal.addEventListener('abort', sendAway, { once: true })
  response.once('close', () => {
    signal.removeEventListener('abort', sendAway)
    gone.abort(new Error('the client is gone'))
  })
  await served.room(gone.signal)
  for await (const bytes of served.read(start, end, gone.signal)) {
    await served.room(gone.signal)
    // Not before: until the first byte is here a failure can still be reported with a status.
    if (!response.headersSent) head()
    await written(response, bytes, gone.signal)
  }
  if (!response.headersSent) head()
}

/** Resolves when the bytes are passed to the system: then their buffer is free. */
function written(response: ServerResponse, bytes: Buffer, gone: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const onGone = () => reject(gone.reason as Error)
    if (gone.aborted) return onGone()
    gone.addEventListener('abort', onGone, { once: true })
    response.write(bytes, () => {
      gone.removeEventListener('abort', onGone)
      resolve()
    })
  })
}

function refuse(
  response: ServerResponse,
  status: number,
  reason: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  response
    .writeHead(status, { ...headers, 'content-type': 'text/plain', connection: 'close' })
    .end(`${reason}\n`)
}

export type RequestedRange =
  | { readonly kind: 'whole' }
  /** 0-based; both ends are included. */
  | { readonly kind: 'part'; readonly start: number; readonly end: number }
  | { readonly kind: 'unsatisfiable' }

/**
 * Parses the header `Range` (RFC 9110, 14): `bytes=a-b`, `a-` and `-n` of an object of `sizeBytes`. Anything else counts as absent
 * and requests the whole: other units, several ranges at a time, and nonsense.
 */
export function parseRange(header: string | undefined, sizeBytes: number): RequestedRange {
  const match = /^\s*bytes\s*=\s*(\d*)\s*-\s*(\d*)\s*$/i.exec(header ?? '')
  const [first = '', last = ''] = match?.slice(1) ?? []
  if (first === '' && last === '') return { kind: 'whole' }
  if (first === '') return part(sizeBytes - Math.min(Number(last), sizeBytes), Infinity, sizeBytes)
  if (last !== '' && Number(last) < Number(first)) return { kind: 'whole' }
  return part(Number(first), last === '' ? Infinity : Number(last), sizeBytes)
}

function part(start: number, end: number, sizeBytes: number): RequestedRange {
  if (start >= sizeBytes) return { kind: 'unsatisfiable' }
  return { kind: 'part', start, end: Math.min(end, sizeBytes - 1) }
}
