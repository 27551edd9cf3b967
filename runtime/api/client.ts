/** A client of the runtime's HTTP interface, for the commands. @module */
import { parseJson } from '../json.ts'
import { randomUUID } from 'node:crypto'
import { exchange, NoAnswerError, type Answer } from './exchange.ts'
import type { Problem } from './http/problem.ts'
import { loadConfig } from '../settings/config.ts'
import { hostHere } from '../settings/values.ts'
import { ConfigError, UnreachableError } from '../errors.ts'
import { readSettingFiles } from '../settings/files.ts'
import { SECOND_MS, sleep } from '../time.ts'
import type { Environment } from '../settings/files.ts'

export type Query = Readonly<Record<string, string | number | undefined>>

export interface ApiClient {
  readonly url: string
  get<T>(path: string, query?: Query): Promise<T>
  /** Sent again with the same `Idempotency-Key` when the answer is lost, so nothing is done twice. */
  post<T>(path: string, body?: unknown): Promise<T>
  patch<T>(path: string, body: unknown): Promise<T>
  remove<T>(path: string, query?: Query): Promise<T>
  /** Reads page after page until there are `limit` items. */
  pages<T>(path: string, query: Query, limit: number): AsyncGenerator<ApiPage<T>>
}

export interface ApiPage<T> {
  readonly items: readonly T[]
  /** Whether more items follow. */
  readonly isCut: boolean
}

/** The runtime did not do what was asked; the message says why. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError'
  readonly status: number

  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

const MAX_PAGE = 1_000
const MAX_TRIES = 3
const PAUSE_MS = 300
const READ_TIMEOUT_MS = 30 * SECOND_MS
/** A request about a whole bucket reads its listing before it is answered; Node itself gives up after 300 s. */
const WRITE_TIMEOUT_MS = 290 * SECOND_MS
/** The connection was lost after it had been made: the request may have been carried out. */
const LOST = new Set(['ECONNRESET', 'EPIPE'])

/**
 * @param given - the address on the command line, which outranks the settings
 * @throws {ConfigError} when settings are wrong
 */
export function createApiClient(env: Environment, given?: string): ApiClient {
  const { url, token } = addressOf(env, given)
  const headers = { accept: 'application/json', ...(token && { authorization: `Bearer ${token}` }) }

  async function call<T>(
    method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
    target: string,
    body?: unknown,
  ): Promise<T> {
    const hasBody = method === 'POST' || method === 'PATCH'
    const request = {
      method,
      headers: {
        ...headers,
        ...(hasBody && { 'content-type': 'application/json' }),
        ...(method === 'POST' && { 'idempotency-key': randomUUID() }),
      },
      ...(hasBody && { body: JSON.stringify(body ?? {}) }),
    }
    const deadlineMs = performance.now() + (method === 'GET' ? READ_TIMEOUT_MS : WRITE_TIMEOUT_MS)
    for (let tries = 1; ; tries++) {
      try {
        const timeoutMs = Math.max(1, Math.ceil(deadlineMs - performance.now()))
        const answer = await exchange(target, { ...request, timeoutMs })
        // The first request is still in progress: its answer is the one to wait for.
        const isBusy = tries > 1 && answer.status === 409 && answer.headers['retry-after'] !== undefined
        if (!isBusy) return bodyOf(url, answer) as T
      } catch (error) {
        if (!(error instanceof NoAnswerError)) throw error
        if (error.isTimeout || !LOST.has(error.code) || tries >= MAX_TRIES) throw unreachable(url, error)
      }
      await sleep(PAUSE_MS * Math.min(tries, MAX_TRIES))
    }
  }

  const targetOf = (path: string, query: Query = {}) => {
    const given = Object.entries(query).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, String(value)] as [string, string]],
    )
    return `${url}${path}${given.length > 0 ? `?${new URLSearchParams(given).toString()}` : ''}`
  }
  return {
    url,
    get: (path, query) => call('GET', targetOf(path, query)),
    post: (path, body) => call('POST', targetOf(path), body),
    patch: (path, body) => call('PATCH', targetOf(path), body),
    remove: (path, query) => call('DELETE', targetOf(path, query)),
    async *pages<T>(path: string, query: Query, limit: number): AsyncGenerator<ApiPage<T>> {
      let cursor: string | null | undefined
      for (let left = limit; left > 0 && cursor !== null;) {
        const page: { items: readonly T[]; nextCursor: string | null } = await call(
          'GET',
          targetOf(path, { ...query, limit: Math.min(left, MAX_PAGE), cursor }),
        )
        yield { items: page.items.slice(0, left), isCut: page.nextCursor !== null }
        left -= page.items.length
        cursor = page.nextCursor
      }
    },
  }
}

/** The runtime's own tokens are sent to this machine's runtime only. */
function addressOf(env: Environment, given?: string): { url: string; token: string | undefined } {
  const config = loadConfig(env)
  const token = readSettingFiles(env).env['SLUICE_TOKEN'] || undefined
  const text = given ?? (env['SLUICE_API_URL'] || undefined)
  if (text !== undefined) {
    const name = given === undefined ? 'SLUICE_API_URL' : '--api'
    return { url: apiUrl(name, text), token }
  }
  const { apiHost, apiPort, basePath, tokens } = config
  if (apiPort === 0)
    throw new ConfigError([
      'SLUICE_API_PORT is 0, which names no port: set SLUICE_API_URL, such as http://127.0.0.1:8080',
    ])
  return {
    url: `http://${hostHere(apiHost)}:${apiPort}${basePath}`,
    token: token || tokens.admin || tokens.operator || tokens.reader,
  }
}

/** The receiver of streams: `given`, else the one of SLUICE_API_URL, where an edge may pass it on, else this machine's. */
export function receiverOf(env: Environment, given?: string): { url: string; token: string | undefined } {
  const { streams } = loadConfig(env)
  // As with `--api`: the tokens of this machine's runtime are not sent elsewhere.
  if (given !== undefined)
    return { url: apiUrl('--to', given), token: readSettingFiles(env).env['SLUICE_TOKEN'] || undefined }
  const api = addressOf(env)
  if (env['SLUICE_API_URL']) return api
  return { url: `http://${hostHere(streams.host)}:${streams.port}`, token: api.token }
}

/** No message quotes the text, as it may hold a password. */
function apiUrl(name: string, text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const isFit = url && ['http:', 'https:'].includes(url.protocol) && !url.username && !url.search && !url.hash
  if (!isFit)
    throw new ConfigError([
      `${name}: write http://host:port, without user or query; a token goes into SLUICE_TOKEN`,
    ])
  return url.href.replace(/\/$/, '')
}

/**
 * The JSON of an answer.
 *
 * @throws {ProblemError} for a problem; UnreachableError when a program of another kind has answered
 */
export function bodyOf(url: string, { status, headers, text }: Answer): unknown {
  const kind = headers['content-type']?.split(';')[0]?.trim() ?? ''
  const body = ['application/json', 'application/problem+json'].includes(kind) ? parseJson(text) : undefined
  if (body === undefined) {
    throw new UnreachableError(
      `the server at ${url} is not a Sluice runtime (${status} ${kind || 'without a type'}): set SLUICE_API_URL to the runtime's address`,
    )
  }
  if (status >= 200 && status < 300) return body
  const { detail, title, issues = [] } = body as Partial<Problem>
  const more = issues.map(({ path, message }) => `\n  - ${path}: ${message}`).join('')
  const hint = [401, 403].includes(status) ? '; set SLUICE_TOKEN' : ''
  throw new ProblemError(status, `${detail ?? title ?? `status ${status}`}${hint}${more}`)
}

function unreachable(url: string, cause: NoAnswerError): UnreachableError {
  const what = cause.isTimeout ? 'does not answer in time' : `does not answer (${cause.code})`
  return new UnreachableError(
    `the runtime at ${url} ${what}: start it with \`sluice start\` (\`npm start\` for the local stack), or set SLUICE_API_URL to its address`,
    { cause },
  )
}
