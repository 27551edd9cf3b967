/**
 * The Hono context of a handler. Most handlers read only `c.var`, so the Request of an attempt is made for those that look at it:
 * it carries a CloudEvent in binary mode (https://github.com/cloudevents/spec, HTTP binding 3.1).
 * @module
 */
import { Context } from 'hono'
import { HonoRequest } from 'hono/request'
import type { FunctionEnv, FunctionVariables } from '../../function/definition.ts'
import type { SourceObject } from '../../function/source.ts'
import { TextAnswer } from './answer.ts'

export interface Call {
  readonly functionName: string
  readonly runId: string
  readonly eventTimeMs: number
}

type Respond = (value: unknown, init?: unknown, headers?: object) => Response

/** Hono's constructor wants a Request; `req` is answered here. */
const UNSEEN = new Request('http://runtime/')
const OPTIONS = { env: {}, notFoundHandler: (c: Context) => c.text('404 Not Found', 404) }

export class AttemptContext extends Context<FunctionEnv> {
  readonly #variables: FunctionVariables<unknown>
  readonly #call: Call
  #req: HonoRequest | undefined

  constructor(variables: FunctionVariables<unknown>, call: Call) {
    super(UNSEEN, OPTIONS)
    this.#variables = variables
    this.#call = call
  }

  override get req() {
    return (this.#req ??= requestIn(this.#call, this.#variables.event))
  }

  override get var() {
    return this.#variables as Context<FunctionEnv>['var']
  }

  override get = ((name: keyof FunctionVariables<unknown>) =>
    this.#variables[name]) as Context<FunctionEnv>['get']

  /** A value that a handler sets covers the attempt's. */
  override set = ((name: string, value: unknown) => {
    Object.defineProperty(this.#variables, name, {
      value,
      writable: true,
      enumerable: true,
      configurable: true,
    })
  }) as Context<FunctionEnv>['set']

  override json = ((value, init, headers) =>
    this.#answer(JSON.stringify(value), 'application/json', init, headers)) as Respond as Context['json']

  override text = ((value, init, headers) =>
    this.#answer(String(value), 'text/plain; charset=UTF-8', init, headers)) as Respond as Context['text']

  /** Status and headers by Hono's own rules. */
  #answer(text: string | undefined, contentType: string, init: unknown, headers: object | undefined) {
    const head = (this.newResponse as Respond)(null, init, { 'Content-Type': contentType, ...headers })
    return new TextAnswer(text ?? '', head)
  }
}

/** With its route, for `hono/route` and `c.req.routePath`. */
function requestIn(call: Call, event: SourceObject): HonoRequest {
  const path = `/functions/${call.functionName}`
  const route = { basePath: '/', path, method: 'POST', handler: () => undefined }
  return new HonoRequest(requestOf(path, call, event), path, [[[[undefined, route], {}]]])
}

/** The key is percent-encoded since it may be any text. */
function requestOf(path: string, { runId, eventTimeMs }: Call, event: SourceObject): Request {
  return new Request(`http://runtime${path}`, {
    method: 'POST',
    headers: {
      'ce-specversion': '1.0',
      'ce-id': runId,
      'ce-type': 'com.amazonaws.s3.ObjectCreated',
      'ce-source': `minio:s3/${event.bucket}`,
      'ce-subject': encodeURIComponent(event.key),
      'ce-time': new Date(eventTimeMs).toISOString(),
    },
  })
}
