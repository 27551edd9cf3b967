/** The HTTP door: `PUT /v1/streams/NAME` with the stream as its body, and the health of this process. @module */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { openPort } from '../../../listening.ts'
import { answerUnparsed } from '../../../unparsed-request.ts'
import { messageOf } from '../../../errors.ts'
import type { Tokens } from '../../../settings/config.ts'
import { bearerOf, createRoleOf, hasTokens } from '../../../settings/token-roles.ts'
import { isLoopback, isLoopbackHost } from '../../../settings/values.ts'
import { SECOND_MS, sleep } from '../../../time.ts'
import { isStreamName } from '../../names.ts'
import { NAME_RULE } from '../../../settings/streams.ts'
import { answerJson, answerProblem, refusalProblem } from './answers.ts'
import { askForKey, refused, type DoorParts, type OpenDoor, type Refusal } from '../door.ts'
import { receivePush } from './push.ts'
import { watchCrowd } from './watch-crowd.ts'

/** The parts while the door is open, and after. */
interface OpenParts extends HttpDoorParts {
  readonly isClosed: () => boolean
  /** After which a body is ended, however alive it is; 0: never. */
  readonly bodyLimitMs: () => number
  readonly senders: Senders
}

export interface HttpDoorParts extends DoorParts {
  /** An operator may push under every name. */
  readonly tokens: Tokens
  /** Names of what is away; empty when the process can receive. */
  readonly readiness: () => Promise<readonly string[]>
  /** Where no other process of this machine serves them. */
  readonly metrics?: () => Promise<string>
}

/** A sender that is slow with its headers is cut after this. */
const HEADERS_MS = 10 * SECOND_MS
/** Senders that were cut read their answer meanwhile. */
const ANSWER_MS = 3 * SECOND_MS

/** Senders with a key whose media were not recognised yet, beside those that are received. */
const NOT_ADMITTED = 32

/** @throws {ConfigError} when it may never listen there; Error when a later start may find the port free */
export async function openHttpDoor(parts: HttpDoorParts): Promise<OpenDoor> {
  const { settings, log } = parts
  let isClosed = false
  const allEnded = new AbortController()
  const all: OpenParts = {
    ...parts,
    isClosed: () => isClosed,
    bodyLimitMs: () => server.requestTimeout,
    senders: createSenders(settings.most + NOT_ADMITTED),
  }
  const answer = (isExpectant: boolean) => (request: IncomingMessage, response: ServerResponse) => {
    const guest = guests.get(request.socket)
    guest?.asks()
    response.once('close', () => guest?.rests())
    serve(all, { request, response, isExpectant, onAllowed: () => guest?.sends() }).catch(
      (error: unknown) => {
        log.error({ error: messageOf(error) }, 'a request failed')
        answerProblem(request, response, {
          status: 500,
          detail: 'unexpected error; see the log of the receiver',
        })
      },
    )
  }
  const server = createServer(
    {
      // Node's default ends every body after five minutes with 408: a stream has no end yet.
      requestTimeout: 0,
      headersTimeout: HEADERS_MS,
      connectionsCheckingInterval: HEADERS_MS / 2,
      keepAliveTimeout: 5 * SECOND_MS,
    },
    answer(false),
  )
  // FFmpeg leaves when it has sent its last byte. By default Node then ends the connection, and throws away what was not read yet
  // (https://github.com/nodejs/node/blob/v20.x/lib/_http_server.js, socketOnEnd): the end of a stream whose reader waits for the disk.
  Object.assign(server, { httpAllowHalfOpen: true })
  server.on('checkContinue', answer(true))
  answerUnparsed(server)
  const guests = watchCrowd(server, parts)
  const { address, port } = await openPort(server, {
    host: settings.host,
    port: settings.port,
    hostSetting: 'SLUICE_STREAMS_HOST',
    portSetting: 'SLUICE_STREAMS_PORT',
  })
  server.on('error', (error: Error) => log.error({ error: error.message }, 'the HTTP door failed'))
  log.info({ url: `http://${address}:${port}/v1/streams/` }, 'receiving streams')
  return {
    port,
    close() {
      isClosed = true
      server.close(() => allEnded.abort())
      return Promise.resolve()
    },
    async closeAll() {
      server.closeIdleConnections()
      await sleep(ANSWER_MS, allEnded.signal)
      server.closeAllConnections()
    },
  }
}

interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly isExpectant: boolean
  /** It is a sender with a right key. */
  readonly onAllowed: () => void
}

async function serve(
  parts: OpenParts,
  { request, response, isExpectant, onAllowed }: Exchange,
): Promise<void> {
  const [path = ''] = (request.url ?? '').split('?')
  const stream = /^\/v1\/streams\/([^/]+)$/.exec(path)?.[1]
  if (stream !== undefined && request.method === 'PUT') {
    const allowed = parts.senders.within(await admitted(parts, request, stream))
    if (allowed.kind === 'allowed') {
      onAllowed()
      const { keyId } = allowed
      return parts.senders.count(() =>
        receivePush(parts, { request, response, name: stream, keyId, isExpectant }),
      )
    }
    parts.onRefused('http', allowed.reason)
    return answerProblem(request, response, refusalProblem(allowed.reason, allowed.message))
  }
  if (stream !== undefined) {
    const detail = `${request.method} is not allowed here, only PUT: everything else about streams is at the API, SLUICE_API_PORT`
    return answerProblem(request, response, { status: 405, detail, headers: { allow: 'PUT' } })
  }
  if (request.method === 'GET' || request.method === 'HEAD') {
    if (path === '/healthz')
      return answerJson(request, response, 200, {
        status: parts.isClosed() ? 'draining' : 'ok',
        bodyLimitMs: parts.bodyLimitMs(),
      })
    if (path === '/readyz') return answerReadiness(parts, request, response)
    if (path === '/metrics' && parts.metrics)
      return void response
        .writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' })
        .end(await parts.metrics())
  }
  answerProblem(request, response, { status: 404, detail: 'send a stream with PUT /v1/streams/NAME' })
}

async function answerReadiness(
  { isClosed, readiness }: OpenParts,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const away = isClosed() ? ['this process is draining'] : await readiness()
  const isReady = away.length === 0
  answerJson(request, response, isReady ? 200 : 503, { status: isReady ? 'ok' : 'unavailable', away })
}

/** The senders with a right key: after a restart all of them come at once, as a rule through one proxy. */
interface Senders {
  within(allowed: Allowed): Allowed
  count(receiving: () => Promise<void>): Promise<void>
}

function createSenders(most: number): Senders {
  let count = 0
  return {
    within(allowed) {
      if (allowed.kind === 'refused' || count < most) return allowed
      return refused('limit', `${count} senders are connected, as many as may be at a time: try again later`)
    },
    async count(receiving) {
      count++
      await receiving().finally(() => count--)
    },
  }
}

type Allowed = { readonly kind: 'allowed'; readonly keyId: string | undefined } | Refusal

/** Decides about a sender before a byte of its body is read. */
async function admitted(
  { checkKey, settings, tokens, isClosed }: OpenParts,
  { headers }: IncomingMessage,
  name: string,
): Promise<Allowed> {
  if (isClosed()) return refused('draining', 'this receiver is shutting down: send again in a few seconds')
  if (!isStreamName(name)) return refused('name', `the name of a stream has ${NAME_RULE}`)
  const unusable = unusableBody(headers)
  if (unusable !== undefined) return refused('media', unusable)
  const secret = bearerOf(headers.authorization)
  if (secret === undefined) {
    // As at the API: without any token, all callers on this machine may do everything, except web pages.
    const isOpen = !hasTokens(tokens) && isLoopback(settings.host)
    if (isOpen && headers.origin === undefined && isLoopbackHost(headers.host ?? ''))
      return { kind: 'allowed', keyId: undefined }
    return refused(
      'key',
      'a stream key is required: Authorization: Bearer KEY; create one with: sluice streams key create NAME',
    )
  }
  const role = createRoleOf(tokens)(secret)
  if (role === 'operator' || role === 'admin') return { kind: 'allowed', keyId: undefined }
  const answer = await askForKey(checkKey, name, secret)
  return answer.kind === 'right' ? { kind: 'allowed', keyId: answer.keyId } : answer
}

/** Why this body cannot be a stream, whatever its bytes are. */
function unusableBody(headers: IncomingMessage['headers']): string | undefined {
  const coding = headers['content-encoding']
  if (coding !== undefined && coding !== 'identity')
    return `the content-encoding ${coding} is not supported: send the stream as it is`
  const type = headers['content-type'] ?? ''
  return /^(multipart|text|image)\/|^application\/json/i.test(type)
    ? `the content-type ${type} is not that of a stream: send MPEG-TS, FLV, Matroska, WebM or fragmented MP4 as the body itself`
    : undefined
}
