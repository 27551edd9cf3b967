/**
 * One GET of a range over its own connection, delivered in large steps from one buffer. Node's own client allocates a new buffer
 * of 64 KiB for each step: with gigabytes, most of a worker's time goes into allocating and collecting them.
 *
 * It handles one kind of answer: 206 with a length, over plain HTTP. For any other the caller makes an ordinary request.
 * @module
 */
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http'
import { connect, type Socket } from 'node:net'
import { abortError, toStorageError } from './http.ts'
import { StorageError } from './errors.ts'

export interface QuickGet {
  /** Signed; plain HTTP. */
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
const MAX_HEAD_BYTES = 32 * 1024

/** Undefined when there is no answer, or one of another kind. */
export async function quickGet(options: QuickGet): Promise<QuickAnswer | undefined> {
  const { hostname, port, host, origin, protocol } = new URL(options.url)
  if (protocol !== 'http:') return undefined
  const feed = openFeed(hostname.replace(/^\[|\]$/g, ''), Number(port || 80), options)
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
function openFeed(host: string, port: number, { signal, idleTimeoutMs }: QuickGet): Feed {
  const buffer = Buffer.allocUnsafe(STEP_BYTES)
  let ready: Buffer | undefined
  let isOver = false
  let failure: Error | undefined
  let wake = () => {}
  const socket = connect({
    host,
    port,
    noDelay: true,
    onread: {
      buffer,
      callback: (count) => {
        ready = buffer.subarray(0, count)
        socket.pause()
        wake()
        return false
      },
    },
  })
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
      // Only now: a slow reader is not the store's fault.
      socket.setTimeout(idleTimeoutMs)
      socket.resume()
      while (!ready && !isOver) await new Promise<void>((resolve) => (wake = resolve))
      socket.setTimeout(0)
      const step = ready
      ready = undefined
      if (!step && failure) throw failure
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
