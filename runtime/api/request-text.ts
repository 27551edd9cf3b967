/** What a request is made of must be text: escapes in its address that decode, a body that is JSON of bounded size. @module */
import type { Context, MiddlewareHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import type { ApiEnv } from './auth.ts'
import { ProblemError } from './problem.ts'

export const MAX_BODY_BYTES = 10 * 1024 * 1024

const limited = bodyLimit({
  maxSize: MAX_BODY_BYTES,
  onError() {
    throw new ProblemError(413, `the body is larger than ${MAX_BODY_BYTES} bytes`, {
      members: { limit: MAX_BODY_BYTES },
    })
  },
})

/** Hono leaves a bad escape as it stands, so that another key than the one that was meant would be looked for. */
export function checkAddress(): MiddlewareHandler<ApiEnv> {
  return async function checkAddress(c, next) {
    const at = c.req.url.indexOf('/', c.req.url.indexOf('://') + 3)
    try {
      decodeURIComponent(c.req.url.slice(at))
    } catch {
      throw new ProblemError(
        400,
        'the address has a percent sign that begins no escape of UTF-8; write it as %25',
      )
    }
    await next()
  }
}

/** Reads the body once, for all who ask for it later. */
export function checkBody(): MiddlewareHandler<ApiEnv> {
  return async function checkBody(c, next) {
    // Reading stays inside, as the limit is on what is read there.
    await limited(c, async () => {
      const bytes = await c.req.arrayBuffer()
      if (bytes.byteLength > 0) checkJson(c, bytes)
      else forgetType(c)
    })
    await next()
  }
}

/** Of a route that does nothing without being told what: no body is no empty filter. */
export const bodyNeeded: MiddlewareHandler<ApiEnv> = async (c, next) => {
  if ((await c.req.arrayBuffer()).byteLength === 0)
    throw new ProblemError(400, 'a JSON body is needed; {} takes every default')
  await next()
}

function checkJson(c: Context<ApiEnv>, bytes: ArrayBuffer): void {
  const type = c.req.header('content-type') ?? ''
  if (!/^application\/(?:[\w.-]+\+)?json *(?:;|$)/i.test(type)) {
    throw new ProblemError(415, 'a body must be JSON, with Content-Type: application/json')
  }
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    const hasSurrogate = /\\u[dD][89a-fA-F]/.test(text)
    JSON.parse(text, hasSurrogate ? refuseHalves : undefined)
  } catch (error) {
    throw new ProblemError(400, `the body is no JSON: ${(error as Error).message}`)
  }
}

/** Many clients name a type also when they send nothing; nothing is no malformed JSON. */
function forgetType(c: Context<ApiEnv>): void {
  const { url, method, headers } = c.req.raw
  if (!headers.has('content-type')) return
  c.req.raw = new Request(url, { method, headers: [...headers].filter(([name]) => name !== 'content-type') })
}

/** Half of a surrogate pair is valid JSON but no text: no key can be made of it. */
function refuseHalves(name: string, value: unknown): unknown {
  if (!name.isWellFormed() || (typeof value === 'string' && !value.isWellFormed()))
    throw new SyntaxError('half of a surrogate pair')
  return value
}
