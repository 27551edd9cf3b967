/** `Idempotency-Key`: a request that is sent again, because its answer was lost, gets that answer and does nothing. @module */
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
      description: 'the same key with the same request gets the same answer for a day, and does nothing more',
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
        throw new ProblemError(422, 'this Idempotency-Key was used for another request: take a new one')
      case 'busy':
        throw new ProblemError(409, 'the first request with this Idempotency-Key is still under way', {
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
      // The work is done or refused: that is the answer, whether or not it can be given again.
      log.warn({ requestId: c.var.requestId, error: messageOf(error) }, 'an answer could not be kept')
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

/** Of all that makes two requests the same; the role is part of it, as an answer is for who was allowed to ask. */
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
