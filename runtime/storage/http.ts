/**
 * One HTTP request to the store: keep-alive, an idle limit, an AbortSignal, bodies of known length.
 * Knows nothing of S3; every failure is a StorageError.
 * @module
 */
import { setMaxListeners } from 'node:events'
import http, { type IncomingMessage, type OutgoingHttpHeaders } from 'node:http'
import https from 'node:https'
import { openRegularFile } from './regular-file.ts'
import { withStepBuffer } from './step-buffer.ts'
import { StorageError } from './errors.ts'
import type { PutBody } from './storage.ts'

export type Method = 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE'

export interface HttpRequest {
  readonly method: Method
  /** Sent exactly as written, since a signature covers it. */
  readonly url: string
  readonly headers?: OutgoingHttpHeaders
  readonly body?: PutBody
  readonly signal?: AbortSignal | undefined
  /** Called with the number of body bytes sent so far, and with 0 before a retry. */
  readonly onBytes?: ((count: number) => void) | undefined
  /** Called with the bytes of a file in order, before they are sent; they are valid only during the call. */
  readonly onStep?: ((bytes: Buffer) => void) | undefined
}

export interface Transport {
  /** The answer, whatever its status. The caller reads its body to the end or destroys it. */
  send(request: HttpRequest): Promise<IncomingMessage>
  close(): void
}

export function createTransport(options: { readonly idleTimeoutMs: number }): Transport {
  const plain = new http.Agent({ keepAlive: true })
  const secure = new https.Agent({ keepAlive: true })

  function send(request: HttpRequest): Promise<IncomingMessage> {
    const { signal } = request
    const { protocol, hostname, port, host, origin } = new URL(request.url)
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(abortError(signal))
      const outgoing = (protocol === 'https:' ? https : http).request({
        agent: protocol === 'https:' ? secure : plain,
        method: request.method,
        hostname: hostname.replace(/^\[|\]$/g, ''),
        port,
        // Not the URL's own path: that one is normalised, which invalidates the signature.
        path: request.url.slice(origin.length),
        headers: { host, 'content-length': bodyBytes(request.body), ...request.headers },
      })
      let incoming: IncomingMessage | undefined
      const fail = (error: StorageError) => {
        incoming?.destroy(error)
        outgoing.destroy(error)
      }
      const onAbort = () => fail(abortError(signal))
      // An attempt's signal ends all its requests: more listeners than Node expects without a leak.
      if (signal) setMaxListeners(0, signal)
      signal?.addEventListener('abort', onAbort, { once: true })
      outgoing.once('close', () => signal?.removeEventListener('abort', onAbort))
      const watch = () =>
        outgoing.setTimeout(options.idleTimeoutMs, () => {
          // A slow reader is not the store's fault: bytes that have arrived wait for it.
          if (incoming && (incoming.readableLength > 0 || incoming.isPaused())) watch()
          else fail(idleError(options.idleTimeoutMs))
        })
      watch()
      outgoing.once('response', (response) => {
        incoming = response
        // Refused while the body was still being sent: the rest of it is not needed.
        if ((response.statusCode ?? 0) >= 300) response.once('end', () => stopSending(outgoing))
        resolve(response)
      })
      outgoing.on('error', (error) => reject(toStorageError(error)))
      sendBody(outgoing, request)
    })
  }

  return {
    send,
    close() {
      plain.destroy()
      secure.destroy()
    },
  }
}

function bodyBytes(body: PutBody | undefined): number {
  if (body === undefined) return 0
  return 'bytes' in body ? body.bytes.length : body.sizeBytes
}

function stopSending(outgoing: http.ClientRequest): void {
  if (!outgoing.writableFinished) outgoing.destroy()
}

function sendBody(outgoing: http.ClientRequest, request: HttpRequest): void {
  const { body } = request
  if (body === undefined || bodyBytes(body) === 0) outgoing.end()
  else if ('bytes' in body) outgoing.end(body.bytes, () => request.onBytes?.(body.bytes.length))
  else {
    sendFile(outgoing, body.path, body.sizeBytes, request).catch((error: unknown) =>
      outgoing.destroy(toStorageError(error)),
    )
  }
}

/** Sends the file's first `sizeBytes` bytes; a shorter file is an error, or the store would wait for the rest for ever. */
async function sendFile(
  outgoing: http.ClientRequest,
  path: string,
  sizeBytes: number,
  { onStep, onBytes }: Pick<HttpRequest, 'onStep' | 'onBytes'>,
): Promise<void> {
  const file = await openRegularFile(path)
  try {
    await withStepBuffer(sizeBytes, async (buffer) => {
      for (let sentBytes = 0; sentBytes < sizeBytes && !outgoing.destroyed;) {
        const count = Math.min(buffer.length, sizeBytes - sentBytes)
        const { bytesRead } = await file.read(buffer, 0, count, sentBytes)
        if (bytesRead === 0) throw fileChanged(path, sentBytes, sizeBytes)
        const step = buffer.subarray(0, bytesRead)
        onStep?.(step)
        // The buffer is free only once its bytes are written, or never will be.
        await written(outgoing, step)
        sentBytes += bytesRead
        onBytes?.(bytesRead)
      }
    })
    outgoing.end()
  } finally {
    await file.close()
  }
}

function written(outgoing: http.ClientRequest, bytes: Buffer): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      outgoing.off('close', done)
      resolve()
    }
    outgoing.once('close', done)
    outgoing.write(bytes, done)
  })
}

function fileChanged(path: string, sentBytes: number, sizeBytes: number): StorageError {
  return new StorageError(
    `${JSON.stringify(path)} ended after ${sentBytes} of ${sizeBytes} bytes: it changed while it was being sent; pass finished files only`,
    { code: 'FileChanged' },
  )
}

export function idleError(idleTimeoutMs: number, cause?: unknown): StorageError {
  return new StorageError(`nothing moved for ${idleTimeoutMs} ms`, { code: 'ETIMEDOUT', cause })
}

/** The error of a call whose signal was aborted; its cause is the signal's reason. */
export function abortError(signal: AbortSignal | undefined): StorageError {
  const cause: unknown = signal?.reason
  return new StorageError(`aborted${cause instanceof Error ? `: ${cause.message}` : ''}`, {
    code: 'ABORT_ERR',
    cause,
  })
}

/** An error of Node's network code as a StorageError with Node's code. */
export function toStorageError(error: unknown): StorageError {
  if (error instanceof StorageError) return error
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'Unknown'
  const message = error instanceof Error ? error.message : String(error)
  return new StorageError(message || code, { code, cause: error })
}
