/**
 * One GET of a range over its own connection, delivered in large steps from one buffer. Node's own client allocates a new buffer
 * of 64 KiB for each step: with gigabytes, most of a worker's time goes into allocating and collecting them.
 *
 * It handles one kind of answer: 206 with a length. For any other the caller makes an ordinary request.
 * @module
 */
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http'
import { connect, isIP, type OnReadOpts, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { abortError, toStorageError } from './http.ts'
import { StorageError } from './errors.ts'

export interface QuickGet {
  /** Signed. */
  readonly url: string
  readonly headers: OutgoingHttpHeaders
  readonly signal?: AbortSignal | undefined
  readonly idleTimeoutMs: number
}

export interface QuickAnswer {
  readonly statusCode: number
  readonly headers: IncomingHttpHeaders
  /**
   * The body. A step is valid until the next one is requested. Leaving the loop early closes the connection.
   *
   * @throws {StorageError} when the connection is lost
   */
  readonly steps: AsyncGenerator<Buffer, void, void>
}

const STEP_BYTES = 256 * 1024
/** The most that TLS hands over at a time. */
const RECORD_BYTES = 16 * 1024
const MAX_HEAD_BYTES = 32 * 1024

/** Undefined when there is no answer, or one of another kind. */
export async function quickGet(options: QuickGet): Promise<QuickAnswer | undefined> {
  const url = new URL(options.url)
  const { host, origin } = url
  const feed = openFeed(url, options)
  const words = Object.entries({ host, connection: 'close', ...options.headers }).map(
    ([name, value]) => `${name}: ${String(value)}\r\n`,
  )
  feed.socket.write(`GET ${options.url.slice(origin.length)} HTTP/1.1\r\n${words.join('')}\r\n`)
  try {
    let text = Buffer.alloc(0)
    for (;;) {
      const step = await feed.next()
      if (!step || text.length > MAX_HEAD_BYTES) break
      text = Buffer.concat([text, step])
      const headBytes = text.indexOf('\r\n\r\n')
      if (headBytes < 0) continue
      const { statusCode, headers } = parseAnswer(text.toString('latin1', 0, headBytes))
      const lengthBytes = Number(headers['content-length'])
      if (statusCode !== 206 || headers['transfer-encoding'] !== undefined || !Number.isInteger(lengthBytes))
        break
      return { statusCode, headers, steps: stepsOf(feed, text.subarray(headBytes + 4), lengthBytes) }
    }
  } catch {
    // The ordinary request meets the same error, and explains it.
  }
  feed.socket.destroy()
  return undefined
}

async function* stepsOf(feed: Feed, first: Buffer, lengthBytes: number): AsyncGenerator<Buffer, void, void> {
  let leftBytes = lengthBytes
  let step: Buffer | undefined = first
  try {
    while (leftBytes > 0) {
      if (!step)
        throw new StorageError(`the connection ended ${leftBytes} bytes early`, { code: 'ECONNRESET' })
      const own = step.subarray(0, leftBytes)
      leftBytes -= own.length
      if (own.length > 0) yield own
      // Never beyond the end, where no byte may come.
      if (leftBytes > 0) step = await feed.next()
    }
  } finally {
    feed.socket.destroy()
  }
}

interface Feed {
  readonly socket: Socket
  /** The bytes that have arrived, in the one buffer; undefined at the end. Throws the error of a lost connection. */
  next(): Promise<Buffer | undefined>
}

/** Reads only while a step is awaited: meanwhile the kernel collects bytes, and the next step is large. */
function openFeed({ protocol, hostname, port }: URL, { signal, idleTimeoutMs }: QuickGet): Feed {
  const isSecure = protocol === 'https:'
  const arrived = isSecure ? gathered() : single()
  let isOver = false
  let failure: Error | undefined
  let wake = () => {}
  const buffer = Buffer.allocUnsafe(isSecure ? RECORD_BYTES : STEP_BYTES)
  const onread = {
    buffer,
    callback: (count: number) => {
      const isFull = arrived.add(buffer.subarray(0, count))
      if (isFull) socket.pause()
      // The other records of one read follow at once.
      if (isSecure) setImmediate(() => wake())
      else wake()
      return !isFull
    },
  }
  const socket = open({ isSecure, host: hostname.replace(/^\[|\]$/g, ''), port }, onread)
  const onAbort = () => socket.destroy(abortError(signal))
  if (signal?.aborted) onAbort()
  else signal?.addEventListener('abort', onAbort, { once: true })
  socket.on('timeout', () =>
    socket.destroy(new StorageError(`nothing moved for ${idleTimeoutMs} ms`, { code: 'ETIMEDOUT' })),
  )
  socket.on('error', (error) => {
    failure = toStorageError(error)
  })
  socket.on('end', () => {
    isOver = true
    wake()
  })
  socket.on('close', () => {
    isOver = true
    signal?.removeEventListener('abort', onAbort)
    wake()
  })
  return {
    socket,
    async next() {
      let step = arrived.take()
      if (step) return step
      // Only now: a slow reader is not the store's fault.
      socket.setTimeout(idleTimeoutMs)
      socket.resume()
      while (!(step = arrived.take()) && !isOver) await new Promise<void>((resolve) => (wake = resolve))
      socket.setTimeout(0)
      if (!step && failure) throw failure
      return step
    },
  }
}

interface Target {
  readonly isSecure: boolean
  readonly host: string
  /** Empty for the usual one. */
  readonly port: string
}

function open({ isSecure, host, port }: Target, onread: OnReadOpts): Socket {
  const target = { host, port: Number(port || (isSecure ? 443 : 80)), noDelay: true, onread }
  // A client may send names, and not addresses (RFC 6066, 3).
  return isSecure ? connectTls({ ...target, ...(isIP(host) === 0 && { servername: host }) }) : connect(target)
}

/** The bytes that have come and were not taken yet. */
interface Arrived {
  /** Whether no more should come until it is taken. */
  add(bytes: Buffer): boolean
  take(): Buffer | undefined
}

/** Of a connection that is silent once it is paused. */
function single(): Arrived {
  let ready: Buffer | undefined
  return {
    add(bytes) {
      ready = bytes
      return true
    },
    take() {
      const step = ready
      ready = undefined
      return step
    },
  }
}

/** Of one that hands over all records that it has read, one by one, also while it is paused: two buffers in turn. */
function gathered(): Arrived {
  let [filling, other] = [Buffer.allocUnsafe(STEP_BYTES), Buffer.allocUnsafe(STEP_BYTES)]
  let filledBytes = 0
  return {
    add(bytes) {
      if (filledBytes + bytes.length > filling.length) filling = Buffer.concat([filling], 2 * filling.length)
      filledBytes += bytes.copy(filling, filledBytes)
      return filledBytes > STEP_BYTES / 2
    },
    take() {
      if (filledBytes === 0) return undefined
      const step = filling.subarray(0, filledBytes)
      filledBytes = 0
      ;[filling, other] = [other, filling]
      return step
    },
  }
}

function parseAnswer(text: string): { readonly statusCode: number; readonly headers: IncomingHttpHeaders } {
  const [first = '', ...lines] = text.split('\r\n')
  const headers: IncomingHttpHeaders = {}
  for (const line of lines) {
    const colon = line.indexOf(':')
    if (colon > 0) headers[line.slice(0, colon).trim().toLowerCase()] = line.slice(colon + 1).trim()
  }
  return { statusCode: Number(/^HTTP\/1\.[01] (\d{3})/.exec(first)?.[1]), headers }
}
