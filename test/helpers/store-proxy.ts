/**
 * A store that misbehaves: a real MinIO behind it serves everything except what a test breaks on the way. It knows
 * requests, where `lossy-proxy.ts` knows bytes.
 * @module
 */
import http, { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface StoreCall {
  readonly method: string
  /** Decoded: `/processed/a b.txt/echo/manifest.json`. */
  readonly path: string
}

export type StoreFault =
  /** MinIO's own answer to trouble, of which the request hears instead of being served. */
  | { readonly kind: 'refuse'; readonly status: number; readonly code: string }
  /** The request is served, and then the connection is reset: the client does not learn that it was served. */
  | { readonly kind: 'lose-reply'; readonly onServed?: () => void }
  /** The connection is reset when so much of the request's body has come; MinIO sees it break off, too. */
  | { readonly kind: 'cut-request'; readonly afterBytes: number }
  /** The connection is reset when so much of the answer's body has gone. */
  | { readonly kind: 'cut-reply'; readonly afterBytes: number }
  /** Nothing moves for so long; then it is served. */
  | { readonly kind: 'stall'; readonly ms: number }

export interface StoreProxy {
  readonly endpoint: string
  /** How often a fault was made. */
  readonly made: number
  /** Asked for every request; undefined serves it. */
  breakBy(rule: (call: StoreCall) => StoreFault | undefined): void
  heal(): void
  stop(): Promise<void>
}

export async function startStoreProxy(targetEndpoint: string): Promise<StoreProxy> {
  const { hostname, port } = new URL(targetEndpoint)
  const agent = new http.Agent({ keepAlive: true })
  const stopping = new AbortController()
  let rule: (call: StoreCall) => StoreFault | undefined = () => undefined
  let made = 0

  /** As it came, the host included: the signature covers it. */
  function serve(request: IncomingMessage, response: ServerResponse, fault: StoreFault | undefined): void {
    const { method, url, headers } = request
    const outgoing = http.request({ agent, hostname, port, method, path: url, headers })
    const reset = () => {
      request.socket.resetAndDestroy()
      outgoing.destroy()
    }
    outgoing.on('error', reset)
    response.on('error', reset)
    response.once('close', () => {
      if (!response.writableFinished) outgoing.destroy()
    })
    let sentBytes = 0
    request.on('data', (bytes: Buffer) => {
      sentBytes += bytes.length
      if (fault?.kind === 'cut-request' && sentBytes >= fault.afterBytes) return reset()
      if (outgoing.write(bytes)) return
      request.pause()
      outgoing.once('drain', () => request.resume())
    })
    request.once('end', () => outgoing.end())
    outgoing.once('response', (answer) => {
      if (fault?.kind === 'lose-reply') {
        answer.resume().once('end', () => {
          fault.onServed?.()
          reset()
        })
        return
      }
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      if (fault?.kind !== 'cut-reply') return void answer.pipe(response)
      let bytesLeft = fault.afterBytes
      answer.on('data', (bytes: Buffer) => {
        if (bytesLeft <= 0) return
        response.write(bytes.subarray(0, bytesLeft))
        bytesLeft -= bytes.length
        // The written bytes must have left, or the reset discards them.
        if (bytesLeft <= 0) setTimeout(reset, 20)
      })
      answer.once('end', () => (bytesLeft > 0 ? response.end() : undefined))
    })
  }

  const server = createServer((request, response) => {
    const path = decodeURIComponent((request.url ?? '').replace(/\?.*$/s, ''))
    const fault = rule({ method: request.method ?? '', path })
    if (fault) made++
    if (fault?.kind === 'refuse') {
      request.resume()
      response.writeHead(fault.status, {
        'content-type': 'application/xml',
        server: 'MinIO',
        'x-minio-error-code': fault.code,
      })
      return void response.end(
        request.method === 'HEAD'
          ? undefined
          : `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${fault.code}</Code><Message>made by a test</Message></Error>`,
      )
    }
    if (fault?.kind !== 'stall') return serve(request, response, fault)
    const timer = setTimeout(() => serve(request, response, undefined), fault.ms)
    stopping.signal.addEventListener('abort', () => clearTimeout(timer), { once: true })
    response.once('close', () => clearTimeout(timer))
  })
  server.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))

  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get made() {
      return made
    },
    breakBy(next) {
      rule = next
    },
    heal() {
      rule = () => undefined
    },
    async stop() {
      stopping.abort()
      server.closeAllConnections()
      agent.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
