/**
 * Calls whose body and answer are small, which nearly all are: the whole answer at once, over kept connections. Node's own client
 * makes two streams and a dozen listeners for each.
 * @module
 */
import { setMaxListeners } from 'node:events'
import type { IncomingHttpHeaders } from 'node:http'
import type { Dispatcher } from 'undici'
import Pool from 'undici/lib/dispatcher/pool.js'
import { StorageError } from './errors.ts'
import { abortError, idleError, toStorageError, type HttpRequest } from './http.ts'

export interface SmallAnswer {
  readonly statusCode: number
  readonly headers: IncomingHttpHeaders
  readonly bytes: Buffer
}

export interface SmallCalls {
  /**
   * The answer, whatever its status. Only for requests that {@link isSmall}.
   *
   * @throws {StorageError} also `EntityTooLarge`, when a success has more than `maxBytes`
   */
  call(request: HttpRequest, maxBytes: number): Promise<SmallAnswer>
  close(): void
}

/** Larger bodies are sent in steps, each with the idle limit. */
const SMALL_BODY_BYTES = 1024 * 1024
/** Of a refusal, which is wanted whole however little was to be read. */
const REFUSAL_BYTES = 1024 * 1024

export function isSmall({ body }: Pick<HttpRequest, 'body'>): boolean {
  return body === undefined || ('bytes' in body && body.bytes.length <= SMALL_BODY_BYTES)
}

export function createSmallCalls({ idleTimeoutMs }: { readonly idleTimeoutMs: number }): SmallCalls {
  const pools = new Map<string, Pool>()

  function poolOf(origin: string): Pool {
    let pool = pools.get(origin)
    if (!pool) {
      const limits = { headersTimeout: idleTimeoutMs, bodyTimeout: idleTimeoutMs }
      // One request at a time on a connection: a slow answer would hold up those behind it.
      pool = new Pool(origin, {
        ...limits,
        pipelining: 1,
        keepAliveTimeout: KEPT_MS,
        connect: { timeout: idleTimeoutMs },
      })
      pools.set(origin, pool)
    }
    return pool
  }

  return {
    call: (request, maxBytes) =>
      new Promise((resolve, reject) => {
        const { method, url, signal } = request
        if (signal?.aborted) return reject(abortError(signal))
        const originEnd = url.indexOf('/', url.indexOf('//') + 2)
        const handler = handlerOf(request, maxBytes, {
          resolve,
          reject: (error) => reject(faultOf(error, idleTimeoutMs)),
        })
        poolOf(url.slice(0, originEnd)).dispatch(
          {
            method,
            // As it is spelled: a parsed URL's path is normalised, which invalidates the signature.
            path: url.slice(originEnd),
            headers: request.headers as Record<string, string>,
            body: bodyOf(request),
            // undici closes the connection of a HEAD otherwise, for servers that send a body with it.
            reset: false,
          },
          handler,
        )
      }),
    close() {
      for (const pool of pools.values()) void pool.destroy().catch(() => undefined)
      pools.clear()
    },
  }
}

function bodyOf({ body }: HttpRequest): Uint8Array | null {
  return body && 'bytes' in body && body.bytes.length > 0 ? body.bytes : null
}

interface Ends {
  resolve(answer: SmallAnswer): void
  reject(error: unknown): void
}

function handlerOf(request: HttpRequest, maxBytes: number, ends: Ends): Dispatcher.DispatchHandler {
  const { signal, onBytes } = request
  const sentBytes = bodyOf(request)?.length ?? 0
  let controller: Dispatcher.DispatchController | undefined
  let statusCode = 0
  let headers: IncomingHttpHeaders = {}
  const parts: Buffer[] = []
  let readBytes = 0
  const onAbort = () => {
    const error = abortError(signal)
    controller?.abort(error)
    ends.reject(error)
  }
  const letGo = () => signal?.removeEventListener('abort', onAbort)
  if (signal) {
    // An attempt's signal ends all its requests: more listeners than Node expects without a leak.
    setMaxListeners(0, signal)
    signal.addEventListener('abort', onAbort, { once: true })
  }
  return {
    onRequestStart(started) {
      controller = started
      // It waited for a connection.
      if (signal?.aborted) started.abort(abortError(signal))
    },
    onResponseStart(started, status) {
      statusCode = status
      headers = headersOf(started.rawHeaders as readonly Buffer[])
      if (sentBytes > 0) onBytes?.(sentBytes)
    },
    onResponseData(started, part) {
      readBytes += part.length
      const limitBytes = statusCode < 300 ? maxBytes : Math.max(maxBytes, REFUSAL_BYTES)
      if (readBytes > limitBytes) started.abort(tooLarge(limitBytes))
      else parts.push(part)
    },
    onResponseEnd() {
      letGo()
      const [first] = parts
      ends.resolve({
        statusCode,
        headers,
        bytes: parts.length === 1 && first ? first : Buffer.concat(parts),
      })
    },
    onResponseError(_, error) {
      letGo()
      ends.reject(error)
    },
  }
}

/** As Node reads them: names in lower case, bytes as Latin-1; undici's own reading is UTF-8. Of a name that is there twice, the first. */
function headersOf(raw: readonly Buffer[]): IncomingHttpHeaders {
  const headers: IncomingHttpHeaders = {}
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const name = String(raw[at]).toLowerCase()
    headers[name] ??= (raw[at + 1] as Buffer).toString('latin1')
  }
  return headers
}

export function tooLarge(maxBytes: number): StorageError {
  return new StorageError(`more than ${maxBytes} bytes, the most that are read into memory`, {
    code: 'EntityTooLarge',
  })
}

/** MinIO closes a connection that is idle for 30 s. undici's own 4 s cost an idle runtime a new connection for each call. */
const KEPT_MS = 20_000

/** undici's codes of what Node has codes for. */
const CODES: Readonly<Record<string, string>> = {
  UND_ERR_SOCKET: 'ECONNRESET',
  UND_ERR_HEADERS_TIMEOUT: 'ETIMEDOUT',
  UND_ERR_BODY_TIMEOUT: 'ETIMEDOUT',
  UND_ERR_CONNECT_TIMEOUT: 'ETIMEDOUT',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'ECONNRESET',
}

/** The words of undici, without a code, for an answer in pieces that was cut on a connection that was to be closed behind it. */
const CUT_OFF = 'Invalid EOF state'

function faultOf(error: unknown, idleTimeoutMs: number): StorageError {
  const code = codeOf(error)
  if (code === 'ETIMEDOUT') return idleError(idleTimeoutMs, error)
  if (code !== undefined) return new StorageError((error as Error).message, { code, cause: error })
  return toStorageError(error)
}

function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined
  if (error.name === 'HTTPParserError' && error.message.includes(CUT_OFF)) return 'ECONNRESET'
  return 'code' in error ? CODES[String(error.code)] : undefined
}
