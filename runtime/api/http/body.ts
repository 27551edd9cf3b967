/** Request bodies: JSON of bounded size, read and parsed once. @module */
import type { Context, MiddlewareHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { messageOf } from '../../errors.ts'
import type { ApiEnv } from './env.ts'
import { shapeProblem } from './json-shape.ts'
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

/** Reads and parses the body once for every later reader. */
export function checkBody(): MiddlewareHandler<ApiEnv> {
  return async function checkBody(c, next) {
    const bytes = await bodyOf(c)
    if (bytes.byteLength > 0) {
      const value = parse(c.req.header('content-type') ?? '', bytes)
      c.req.json = <T>() => Promise.resolve(value as T)
    } else forgetType(c)
    await next()
  }
}

async function bodyOf(c: Context<ApiEnv>): Promise<Uint8Array> {
  let bytes = new ArrayBuffer()
  try {
    // Read inside the callback, as the limit applies to what is read there.
    await limited(c, async () => {
      bytes = await c.req.arrayBuffer()
    })
  } catch (error) {
    if (error instanceof ProblemError) throw error
    // The client's own fault; passed on, its error would be taken for one of Redis.
    throw new ProblemError(400, `the body was cut off: ${messageOf(error)}`)
  }
  return new Uint8Array(bytes)
}

/** For a route that acts on what its body selects: a missing body is not an empty filter. */
export const bodyNeeded: MiddlewareHandler<ApiEnv> = async (c, next) => {
  if ((await c.req.arrayBuffer()).byteLength === 0)
    throw new ProblemError(400, 'a JSON body is required; {} means all defaults')
  await next()
}

function parse(type: string, bytes: Uint8Array): unknown {
  if (!/^application\/(?:[\w.-]+\+)?json *(?:;|$)/i.test(type)) {
    throw new ProblemError(415, 'the body must be JSON, with Content-Type: application/json')
  }
  const problem = shapeProblem(bytes)
  if (problem) throw new ProblemError(problem.status, problem.detail)
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (error) {
    throw new ProblemError(400, `the body is not JSON: ${(error as Error).message}`)
  }
}

/** Many clients send a type without a body; an empty body is not malformed JSON. */
function forgetType(c: Context<ApiEnv>): void {
  const { url, method, headers } = c.req.raw
  if (!headers.has('content-type')) return
  c.req.raw = new Request(url, { method, headers: [...headers].filter(([name]) => name !== 'content-type') })
}
