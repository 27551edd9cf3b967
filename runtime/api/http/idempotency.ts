/** `Idempotency-Key`: a request that is sent again because its answer was lost gets that answer and changes nothing. @module */
import { createHash } from 'node:crypto'
import { z } from '@hono/zod-openapi'
import type { Context, MiddlewareHandler } from 'hono'
import { messageOf } from '../../errors.ts'
import type { Logger } from '../../telemetry/logger.ts'
import type { ApiEnv } from './env.ts'
import { ProblemError } from './problem.ts'
import type { AnswerStore, StoredAnswer } from '../../queue/answers.ts'

export const IDEMPOTENCY_HEADERS = z.object({
  'Idempotency-Key': z
    .string()
    .regex(/^[\x20-\x7e]{1,200}$/, '1 to 200 printable ASCII characters')
    .optional()
    .openapi({
      description:
        'for a day, the same request with the same key gets the same answer and is not carried out again',
    }),
})

export function idempotent(answers: AnswerStore, log: Logger): MiddlewareHandler<ApiEnv> {
  return async function idempotent(c, next) {
    const key = c.req.header('idempotency-key')
    if (key === undefined) return next()
    checkKey(key)
    const hash = await hashOf(c)
    const found = await answers.begin(key, hash)
    switch (found.kind) {
      case 'answered':
        return replay(found.answer)
      case 'mismatch':
        throw new ProblemError(
          422,
          'this Idempotency-Key was already used for a different request; use a new key',
        )
      case 'busy':
        throw new ProblemError(409, 'the first request with this Idempotency-Key is still in progress', {
          headers: { 'retry-after': '1' },
        })
      case 'begun':
        break
    }
    await next()
    try {
      if (c.res.ok) await found.keep(await toAnswer(c.res))
      else if (c.res.status < 500) await found.forget()
      else await found.doubt()
    } catch (error) {
      // The request was carried out or refused: that is the answer, whether or not it can be replayed.
      log.warn(
        { requestId: c.var.requestId, error: messageOf(error) },
        'could not keep an answer for its Idempotency-Key',
      )
    }
    return undefined
  }
}

function checkKey(key: string): void {
  const { error } = IDEMPOTENCY_HEADERS.safeParse({ 'Idempotency-Key': key })
  if (!error) return
  const issues = error.issues.map(({ message }) => ({ path: 'Idempotency-Key', message }))
  throw new ProblemError(400, `Idempotency-Key: ${issues[0]?.message}`, { members: { issues } })
}

/** A hash of everything that makes two requests the same. The role is part of it: an answer is only for callers allowed to ask. */
async function hashOf(c: Context<ApiEnv>): Promise<string> {
  const hash = createHash('sha256')
  hash.update(JSON.stringify([c.var.role, c.req.method, c.req.path, new URL(c.req.url).search]))
  return hash.update(Buffer.from(await c.req.arrayBuffer())).digest('hex')
}

async function toAnswer(response: Response): Promise<StoredAnswer> {
  const location = response.headers.get('location')
  return {
    status: response.status,
    ...(location !== null && { location }),
    body: await response.clone().text(),
  }
}

function replay({ status, location, body }: StoredAnswer): Response {
  const headers = { 'content-type': 'application/json', 'idempotent-replayed': 'true' }
  return new Response(body, { status, headers: location === undefined ? headers : { ...headers, location } })
}
