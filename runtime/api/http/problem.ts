/** Every error of the interface as an answer, those of Redis and MinIO too: an RFC 9457 problem. @module */
import { z } from '@hono/zod-openapi'
import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { messageOf } from '../../errors.ts'
import { problemOf, type ProblemFacts } from '../../problem.ts'
import type { Logger } from '../../telemetry/logger.ts'
import type { ApiEnv } from './env.ts'
import { isRedisAway } from '../../queue/redis.ts'
import { NETWORK_CODES, StorageError } from '../../storage/errors.ts'

export const problemSchema = z
  .looseObject({
    type: z.string().openapi({ description: '`about:blank`, or the kind of problem' }),
    title: z.string(),
    status: z.int(),
    detail: z.string().openapi({ description: 'the failure, its subject, and the remedy' }),
    issues: z
      .array(z.object({ path: z.string(), message: z.string() }))
      .optional()
      .openapi({ description: 'for an invalid request: the invalid fields, the first 50 of them' }),
    matched: z.int().optional().openapi({ description: 'the number that matched' }),
    limit: z.int().optional(),
    candidates: z.int().optional().openapi({ description: 'how many ids start with the given one' }),
  })
  .openapi('Problem')

export type Problem = z.output<typeof problemSchema>

/** The kind of a refusal; only this file knows their statuses. */
type Refusal = 'not-found' | 'conflict' | 'impossible'

const REFUSED: Readonly<Record<Refusal, number>> = { 'not-found': 404, conflict: 409, impossible: 422 }

/** A service refuses a request; the message says why and what to do. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError'
  readonly kind: Refusal
  /** More members of the problem, such as `{ matched: 1200, limit: 1000 }`. */
  readonly details: Readonly<Record<string, unknown>>

  constructor(kind: Refusal, message: string, details: RefusedError['details'] = {}) {
    super(message)
    this.kind = kind
    this.details = details
  }
}

/** A request that the interface itself refuses, before any service. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError'
  readonly facts: ProblemFacts

  constructor(status: number, detail: string, more: Omit<ProblemFacts, 'status' | 'detail'> = {}) {
    super(detail)
    this.facts = { status, detail, ...more }
  }
}

/** The seconds after which a client may check whether the server is back. */
const AWAY_SECONDS = 5

/** The answer to a request that ended in `error`. An unexpected error is logged in full; the answer has only the request id. */
export function answerError(error: Error, c: Context<ApiEnv>, log: Logger): Response {
  if (error instanceof ProblemError) return toResponse(error.facts)
  if (error instanceof RefusedError)
    return toResponse({ status: REFUSED[error.kind], detail: error.message, members: error.details })
  if (error instanceof HTTPException && error.status < 500)
    return toResponse({ status: error.status, detail: error.message })

  const { requestId, method } = { requestId: c.var.requestId, method: c.req.method }
  const absent = absentServer(error)
  if (absent) {
    log.warn({ requestId, method, error: error.message }, `could not answer a request: ${absent} is away`)
    const detail = `${absent} does not answer: try again in a few seconds; /readyz shows when it is back`
    return toResponse({ status: 503, detail, headers: { 'retry-after': String(AWAY_SECONDS) } })
  }
  const refused = refusedByStore(error)
  if (refused !== undefined) {
    log.warn({ requestId, method, error: error.message }, 'MinIO refused a request')
    return toResponse({ status: 422, detail: refused })
  }
  log.error({ requestId, method, error: messageOf(error), stack: error.stack }, 'a request failed')
  const detail = `unexpected error; see the log for request id ${requestId}`
  return toResponse({ status: 500, detail })
}

export function toResponse(facts: ProblemFacts): Response {
  const { body, ...rest } = problemOf(facts)
  return new Response(body, rest)
}

/** The server that did not answer: the request may succeed a moment later. */
export function absentServer(error: unknown): 'Redis' | 'MinIO' | undefined {
  if (error instanceof StorageError)
    return error.isPassing || error.code === 'ABORT_ERR' ? 'MinIO' : undefined
  if (!(error instanceof Error)) return undefined
  const { code } = error as NodeJS.ErrnoException
  // Calls to MinIO fail with a StorageError, so the only other server is Redis.
  if (code !== undefined && NETWORK_CODES.includes(code)) return 'Redis'
  return isRedisAway(error) ? 'Redis' : undefined
}

/**
 * The reason the store can never do what was asked. It alone decides which names are valid (`a/../b` and `\0` are not), so it is
 * asked rather than second-guessed.
 */
function refusedByStore(error: unknown): string | undefined {
  if (!(error instanceof StorageError)) return undefined
  if (error.code === 'NoSuchBucket') return 'there is no such bucket'
  if (error.code === 'AccessDenied')
    return "the runtime's account may not read this bucket: it may read those that functions name"
  // HEAD has no body, hence no code, where GET answers XMinioInvalidObjectName.
  return error.statusCode === 400 || error.code === 'InvalidRequest'
    ? `MinIO does not accept this bucket, key or prefix (${error.code})`
    : undefined
}
