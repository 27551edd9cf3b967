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

/** Hono's constructor wants a Request; `req` is answered here. */
const UNSEEN = new Request('http://runtime/')
const createContext = () =>
  new Context<FunctionEnv>(UNSEEN, { env: {}, notFoundHandler: (c) => c.text('404 Not Found', 404) })

/** To `instanceof` a Context; its own constructor, which makes some twenty functions, is not called. */
const Unmade = function () {} as unknown as new () => object
Unmade.prototype = Context.prototype

/**
 * The members that nearly all handlers ask for. Anything else is read from a context of Hono's, which makes the answers from then on. Functions
 * are got, not methods: they work without `this`, as Hono's do.
 */
export class AttemptContext extends Unmade {
  readonly #variables: FunctionVariables<unknown>
  readonly #call: Call
  #req: HonoRequest | undefined
  #hono: Context<FunctionEnv> | undefined

  constructor(variables: FunctionVariables<unknown>, call: Call) {
    super()
    this.#variables = variables
    this.#call = call
  }

  get hono(): Context<FunctionEnv> {
    return (this.#hono ??= createContext())
  }

  get req() {
    return (this.#req ??= requestIn(this.#call, this.#variables.event))
  }

  get var() {
    return this.#variables
  }

  get get() {
    return (name: keyof FunctionVariables<unknown>) => this.#variables[name]
  }

  /** A value that a handler sets covers the attempt's. */
  get set() {
    return (name: string, value: unknown) => {
      Object.defineProperty(this.#variables, name, {
        value,
        writable: true,
        enumerable: true,
        configurable: true,
      })
    }
  }

  get json() {
    return (value: unknown, ...more: readonly unknown[]) =>
      this.#hono || more.length > 0
        ? (this.hono.json as Respond)(value, ...more)
        : new TextAnswer(JSON.stringify(value), 'application/json')
  }

  get text() {
    return (value: unknown, ...more: readonly unknown[]) =>
      this.#hono || more.length > 0
        ? (this.hono.text as Respond)(value, ...more)
        : new TextAnswer(String(value), 'text/plain; charset=UTF-8')
  }
}

/** As in Hono, where they belong to each context: what a handler, or a library that it uses, puts in their place is taken. */
for (const name of ['get', 'set', 'json', 'text'] as const) {
  Object.defineProperty(AttemptContext.prototype, name, {
    ...Object.getOwnPropertyDescriptor(AttemptContext.prototype, name),
    set(this: AttemptContext, value: unknown) {
      Object.defineProperty(this, name, { value, writable: true, enumerable: true, configurable: true })
    },
  })
}

type Respond = (value: unknown, ...more: readonly unknown[]) => Response

for (const name of [...Object.getOwnPropertyNames(Context.prototype), ...Object.keys(createContext())]) {
  if (Object.hasOwn(AttemptContext.prototype, name)) continue
  Object.defineProperty(AttemptContext.prototype, name, {
    configurable: true,
    get(this: AttemptContext): unknown {
      return Reflect.get(this.hono, name)
    },
    set(this: AttemptContext, value: unknown) {
      Reflect.set(this.hono, name, value)
    },
  })
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
