/** Answers of the HTTP door, also to senders that are still sending. @module */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { problemOf, type ProblemFacts } from '../../../problem.ts'
import type { RefusalReason } from '../../connection.ts'
import type { Cut, CutKind } from '../../stream/cut.ts'

const STATUSES: Readonly<Record<RefusalReason, number>> = {
  name: 400,
  key: 401,
  live: 409,
  media: 415,
  limit: 503,
  draining: 503,
  redis: 503,
  disk: 507,
}
/** After this, a receiver that restarts is back, and a stream that ends makes room. */
const RETRY_SECONDS = 5

export function refusalProblem(reason: RefusalReason, detail: string): ProblemFacts {
  const status = STATUSES[reason]
  return {
    status,
    detail,
    members: { reason },
    headers: {
      ...(status === 401 && { 'www-authenticate': 'Bearer realm="sluice streams"' }),
      ...(status === 503 && { 'retry-after': String(RETRY_SECONDS) }),
    },
  }
}

const CUTS: Readonly<Record<CutKind, RefusalReason>> = {
  stopped: 'live',
  'taken-over': 'live',
  'key-revoked': 'key',
  'max-duration': 'draining',
  'lease-lost': 'draining',
  clock: 'draining',
  'disk-full': 'disk',
  draining: 'draining',
}

export function cutProblem({ kind, message }: Cut): ProblemFacts {
  return refusalProblem(CUTS[kind], `the connection was cut: ${message}`)
}

/** For how long, and how much, the rest of a body is read and thrown away so that its sender can read the answer. */
const LINGER_MS = 2_000
const LINGER_BYTES = 64 * 1024 ** 2

export function answerProblem(request: IncomingMessage, response: ServerResponse, facts: ProblemFacts): void {
  const { status, headers, body } = problemOf(facts)
  answer(request, response, status, headers, body)
}

export function answerJson(request: IncomingMessage, response: ServerResponse, status: number, body: object) {
  answer(request, response, status, { 'content-type': 'application/json' }, JSON.stringify(body))
}

function answer(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  headers: Readonly<Record<string, string>>,
  text: string,
): void {
  if (response.headersSent || response.destroyed) return
  const body = `${text}\n`
  const isRead = request.complete || !hasBody(request)
  response.writeHead(status, {
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-store',
    'content-length': Buffer.byteLength(body),
    ...headers,
    ...(!isRead && { connection: 'close' }),
  })
  if (isRead) response.end(body)
  else linger(request, response, body)
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}

/**
 * A connection that is closed while bytes arrive is reset, and a sender that is reset does not read its answer. The end of a
 * response closes the connection, so it waits for the sender's.
 */
function linger(request: IncomingMessage, response: ServerResponse, body: string): void {
  const close = () => {
    clearTimeout(timer)
    response.end()
  }
  const timer = setTimeout(close, LINGER_MS)
  let sizeBytes = 0
  request.on('error', close)
  request.on('end', close)
  request.on('close', close)
  request.on('data', (chunk: Buffer) => {
    sizeBytes += chunk.length
    if (sizeBytes > LINGER_BYTES) close()
  })
  response.write(body)
  request.resume()
}
