/** Serves the API; if it cannot, the error names the setting to change. @module */
import { randomUUID } from 'node:crypto'
import { createServer, type Server, type ServerResponse } from 'node:http'
import { getRequestListener, RequestError } from '@hono/node-server'
import { withoutBase } from './base-path.ts'
import { toResponse } from './problem.ts'
import { problemOf } from '../../problem.ts'
import { openPort } from '../../listening.ts'
import { answerUnparsed } from '../../unparsed-request.ts'
import type { Config } from '../../settings/config.ts'
import { messageOf } from '../../errors.ts'
import { MINUTE_MS, SECOND_MS } from '../../time.ts'
import type { Logger } from '../../telemetry/logger.ts'

/** Bounds for clients that are slow, or many: each of them costs a connection, and no more. */
export interface ClientLimits {
  /** For all headers of a request. */
  readonly headersMs: number
  /** For a whole request with its body, of 10 MiB at most. */
  readonly requestMs: number
  /** Without a byte in either direction: the client reads nothing, or is gone. Longer than any answer takes. */
  readonly idleMs: number
  /** At a time; further ones are closed at once, so that Redis and MinIO can still be reached. */
  readonly connections: number
  /** How often the first two are checked. */
  readonly checkMs: number
}

const LIMITS: ClientLimits = {
  headersMs: 20 * SECOND_MS,
  requestMs: 5 * MINUTE_MS,
  idleMs: 10 * MINUTE_MS,
  connections: 1_000,
  checkMs: 5 * SECOND_MS,
}

/**
 * Resolves when `app` is served, with a function that stops it.
 *
 * @throws {ConfigError} when this user may never listen there; Error when a later start may find the port free
 */
export async function listen(
  app: { fetch(request: Request, env?: unknown): Response | Promise<Response> },
  { apiHost, apiPort, basePath = '' }: Pick<Config, 'apiHost' | 'apiPort'> & { basePath?: string },
  log: Logger,
  limits = LIMITS,
): Promise<() => void> {
  const answer = getRequestListener((request, env) => app.fetch(request, env), {
    hostname: apiHost,
    errorHandler: (error) => answerUnread(error, log),
  })
  const server = createServer({ connectionsCheckingInterval: limits.checkMs }, (request, response) => {
    // Everything behind this sees the same paths, wherever a proxy serves them.
    request.url = withoutBase(request.url ?? '/', basePath)
    const twice = ONCE.find((name) => isTwice(request.rawHeaders, name))
    if (twice === undefined) void answer(request, response)
    else refuse400(response, `the header ${twice} is repeated`)
  })
  answerUnparsed(server)
  bound(server, limits, log)
  const { address, port } = await openPort(server, {
    host: apiHost,
    port: apiPort,
    hostSetting: 'SLUICE_API_HOST',
    portSetting: 'SLUICE_API_PORT',
  })
  server.on('error', (error: Error) => log.error({ error: error.message }, 'the HTTP server failed'))
  log.info({ url: `http://${address}:${port}` }, 'listening')
  return () => void server.close()
}

function bound(server: Server, limits: ClientLimits, log: Logger): void {
  server.headersTimeout = limits.headersMs
  server.requestTimeout = limits.requestMs
  server.timeout = limits.idleMs
  server.maxConnections = limits.connections
  let warnedAtMs = -Infinity
  server.on('drop', (dropped) => {
    const nowMs = performance.now()
    if (nowMs - warnedAtMs < MINUTE_MS) return
    warnedAtMs = nowMs
    const address = dropped?.remoteAddress
    log.warn({ address, limit: limits.connections }, 'too many connections at a time: closed the newest')
  })
}

/** Headers that must not be repeated: Node uses the first of two, a proxy may check the last. */
const ONCE = ['host', 'authorization', 'content-type', 'origin', 'idempotency-key'] as const

/** @param rawHeaders - names and values alternate */
function isTwice(rawHeaders: readonly string[], name: string): boolean {
  return rawHeaders.filter((text, index) => index % 2 === 0 && text.toLowerCase() === name).length > 1
}

function refuse400(response: ServerResponse, detail: string): void {
  const { status, headers, body } = problemOf({ status: 400, detail, headers: ownHeaders(randomUUID()) })
  // The rest of the request is not read.
  response.writeHead(status, { ...headers, connection: 'close' }).end(body)
}

function ownHeaders(requestId: string): Record<string, string> {
  return { 'x-request-id': requestId, 'x-content-type-options': 'nosniff' }
}

/** Answers a request that does not reach the app, as its address or host is not a valid URL. */
function answerUnread(error: unknown, log: Logger): Response {
  const requestId = randomUUID()
  const headers = ownHeaders(requestId)
  if (error instanceof RequestError) return toResponse({ status: 400, detail: error.message, headers })
  log.error({ requestId, error: messageOf(error) }, 'a request failed')
  const detail = `unexpected error; see the log for request id ${requestId}`
  return toResponse({ status: 500, detail, headers })
}
