/**
 * The forward proxy on loopback through which FFmpeg pulls http and HLS: it sees each request, those for the parts of a playlist
 * included, refuses hosts that are not listed, and resolves names itself. FFmpeg skips what was refused and ends without an
 * error, so refusals and failures are counted here.
 * @module
 */
import { createServer, request as send, type IncomingMessage, type ServerResponse } from 'node:http'
import { connect, type AddressInfo, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { PullHost } from '../../../settings/pull-hosts.ts'
import { SECOND_MS } from '../../../time.ts'
import { checkHost, type HostAnswer, type Resolve } from './allowed-host.ts'

export interface PullProxy {
  readonly port: number
  /** Requests that were refused or failed, each as a sentence, the newest last; at most 20. */
  notes(): readonly string[]
  /** Calls back with the size of all that comes from the source, as it comes. */
  listen(received: (bytes: number) => void): void
  close(): void
}

export interface PullProxyParts {
  readonly hosts: readonly PullHost[]
  readonly resolve?: Resolve
}

const MOST_NOTES = 20
const CONNECT_MS = 10 * SECOND_MS
/** They are about one connection, and not passed on. */
const HOP_HEADERS = [
  'connection',
  'proxy-connection',
  'keep-alive',
  'te',
  'trailer',
  'upgrade',
  'proxy-authorization',
]

export async function openPullProxy({ hosts, resolve }: PullProxyParts): Promise<PullProxy> {
  const notes: string[] = []
  const sockets = new Set<Duplex>()
  let received: (bytes: number) => void = () => undefined
  const count = ({ length }: Buffer) => received(length)
  const note = (text: string) => {
    notes.push(text)
    if (notes.length > MOST_NOTES) notes.shift()
  }
  const ask = async (host: string, port: number): Promise<HostAnswer> => {
    const answer = await checkHost(hosts, { host, port }, resolve)
    if (answer.kind !== 'allowed') note(`${answer.kind}: ${answer.why}`)
    return answer
  }

  async function forward(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = URL.canParse(request.url ?? '') ? new URL(request.url ?? '') : undefined
    if (url?.protocol !== 'http:' || !['GET', 'HEAD'].includes(request.method ?? ''))
      return refuse(response, 400)
    const [host, port] = [bare(url.hostname), Number(url.port) || 80]
    const answer = await ask(host, port)
    if (answer.kind !== 'allowed') return refuse(response, answer.kind === 'refused' ? 403 : 502)
    const headers = Object.fromEntries(
      Object.entries(request.headers).filter(([name]) => !HOP_HEADERS.includes(name)),
    )
    const upstream = send({
      host: answer.address,
      port,
      method: request.method,
      path: url.pathname + url.search,
      headers: { ...headers, host: url.host },
      timeout: CONNECT_MS,
    })
    const fail = (why: string) => {
      note(`failed: ${host}:${port}${url.pathname}: ${why}`)
      upstream.destroy()
      if (response.headersSent) response.destroy()
      else refuse(response, 502)
    }
    upstream.on('timeout', () => fail(`no answer in ${CONNECT_MS / SECOND_MS} s`))
    upstream.on('error', (error: NodeJS.ErrnoException) => fail(error.code ?? error.message))
    upstream.on('response', (found) => {
      // From here on the silence of the sender is noticed by the take.
      upstream.setTimeout(0)
      const { statusCode = 502 } = found
      const problem = problemOf(found)
      if (problem) note(`failed: ${host}:${port}${url.pathname} ${problem}`)
      // FFmpeg would look for it among its protocols.
      if (isStrangeRedirect(found)) {
        upstream.destroy()
        return refuse(response, 502)
      }
      response.writeHead(statusCode, found.rawHeaders)
      found.pipe(response)
      found.on('data', count)
      found.on('error', () => fail('the connection broke'))
      response.on('close', () => upstream.destroy())
    })
    upstream.end()
  }

  async function tunnel(request: IncomingMessage, client: Duplex, head: Buffer): Promise<void> {
    const [, host = '', port] = /^(.+):(\d+)$/.exec(request.url ?? '') ?? []
    const answer = await ask(bare(host), Number(port))
    if (answer.kind !== 'allowed')
      return void client.end('HTTP/1.1 403 Forbidden\r\nconnection: close\r\n\r\n')
    const upstream: Socket = connect({ host: answer.address, port: Number(port) })
    sockets.add(upstream)
    upstream.setTimeout(CONNECT_MS, () => upstream.destroy(new Error('no answer')))
    upstream.once('connect', () => {
      upstream.setTimeout(0)
      client.write('HTTP/1.1 200 Connection established\r\n\r\n')
      upstream.write(head)
      client.pipe(upstream).pipe(client)
      upstream.on('data', count)
    })
    upstream.on('error', (error: NodeJS.ErrnoException) => {
      note(`failed: ${host}:${port}: ${error.code ?? error.message}`)
      client.destroy()
    })
    upstream.on('close', () => {
      sockets.delete(upstream)
      client.destroy()
    })
    client.on('close', () => upstream.destroy())
  }

  const server = createServer((request, response) => {
    forward(request, response).catch(() => refuse(response, 502))
  })
  // FFmpeg reads a live playlist for as long as it lasts.
  server.requestTimeout = 0
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => sockets.delete(socket))
  })
  server.on('connect', (request, client, head) => {
    client.on('error', () => undefined)
    tunnel(request, client, head).catch(() => client.destroy())
  })
  await new Promise<void>((resolveOpen, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolveOpen)
  })
  return {
    port: (server.address() as AddressInfo).port,
    notes: () => [...notes],
    listen(listener) {
      received = listener
    },
    close() {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}

/** Completes "<address> …"; undefined for an answer that may be a stream. */
function problemOf({ statusCode = 502, headers }: IncomingMessage): string | undefined {
  if (statusCode >= 400) return `answered with status ${statusCode}`
  if (isStrangeRedirect({ statusCode, headers }))
    return 'redirects to an address that is not of http or https, which is not followed'
  const [type = ''] = (headers['content-type'] ?? '').split(';')
  if (type === 'application/dash+xml') return 'is a manifest of DASH, which is not received: pull HLS instead'
  return type === 'text/html' ? 'is a web page, and not a stream' : undefined
}

function isStrangeRedirect({
  statusCode = 0,
  headers,
}: Pick<IncomingMessage, 'statusCode' | 'headers'>): boolean {
  const { location = '' } = headers
  const isElsewhere = URL.canParse(location) && !/^https?:$/.test(new URL(location).protocol)
  return statusCode >= 300 && statusCode < 400 && isElsewhere
}

function refuse(response: ServerResponse, status: number): void {
  if (!response.headersSent) response.writeHead(status, { connection: 'close' }).end()
}

function bare(host: string): string {
  return host.replace(/^\[|\]$/g, '')
}
