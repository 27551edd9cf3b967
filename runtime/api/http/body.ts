/** Request bodies: JSON of bounded size and shape, read and parsed once. @module */
import type { Context, MiddlewareHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { messageOf } from '../../errors.ts'
import type { ApiEnv } from './env.ts'
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

const MAX_DEPTH = 64
/** Twice as many as the largest request needs, which names 100,000 keys. */
const MAX_VALUES = 200_000

export interface ShapeProblem {
  readonly status: 400 | 413
  readonly detail: string
}

const [QUOTE, BACKSLASH, LETTER_U] = [0x22, 0x5c, 0x75]
const [OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT, COMMA] = [0x5b, 0x5d, 0x7b, 0x7d, 0x2c]

/**
 * Why the text is not parsed, found in one pass over its bytes: parsing ten million brackets blocks the process for seconds, and so
 * does validating as many values. The grammar is left to the parser. Pure.
 */
function shapeProblem(bytes: Uint8Array): ShapeProblem | undefined {
  let [depth, values] = [0, 0]
  for (let at = 0; at < bytes.length; at++) {
    switch (bytes[at]) {
      case QUOTE:
        at = endOfText(bytes, at + 1)
        if (at < 0) return { status: 400, detail: 'the body is not valid JSON: half of a surrogate pair' }
        break
      case OPEN_LIST:
      case OPEN_OBJECT:
        if (++depth > MAX_DEPTH)
          return { status: 400, detail: `the body is nested more than ${MAX_DEPTH} levels deep` }
        break
      case CLOSE_LIST:
      case CLOSE_OBJECT:
        depth--
        break
      case COMMA:
        if (++values > MAX_VALUES) {
          const count = MAX_VALUES.toLocaleString('en')
          return { status: 413, detail: `the body has more than ${count} values: send several requests` }
        }
        break
      default:
    }
  }
  return undefined
}

/** The end of the string that starts at `at`; -1 if it has half of a surrogate pair, which is valid JSON but not text. */
function endOfText(bytes: Uint8Array, at: number): number {
  /** The offset at which the second half of a pair must follow. */
  let secondAt = -1
  for (; at < bytes.length && bytes[at] !== QUOTE; at++) {
    if (bytes[at] !== BACKSLASH) continue
    const kind = bytes[at + 1] === LETTER_U ? surrogateAt(bytes, at + 2) : undefined
    if (secondAt >= 0 ? secondAt !== at || kind !== 'second' : kind === 'second') return -1
    secondAt = kind === 'first' ? at + 6 : -1
    // Skip the escaped byte, which may be a quote or another backslash.
    at++
  }
  return secondAt >= 0 ? -1 : at
}

/** From the four hex digits of an escape: D800 to DBFF are first halves, DC00 to DFFF second ones. */
function surrogateAt(bytes: Uint8Array, at: number): 'first' | 'second' | undefined {
  if (bytes[at] !== 0x64 && bytes[at] !== 0x44) return undefined
  const digit = String.fromCharCode(bytes[at + 1] ?? 0)
  if (/[89ab]/i.test(digit)) return 'first'
  return /[c-f]/i.test(digit) ? 'second' : undefined
}
