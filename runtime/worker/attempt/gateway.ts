/**
 * The Hono app in which every function is mounted at `POST /functions/<name>`. An attempt arrives as a Request that carries
 * a CloudEvent in binary mode (https://github.com/cloudevents/spec, HTTP binding 3.1); its live objects come beside it, in `env`.
 * @module
 */
import { postWhenAsked } from './exchange.ts'
import { Hono, type Context } from 'hono'
import type { FunctionDefinition, FunctionEnv, FunctionVariables } from '../../function/definition.ts'
import type { SourceObject } from '../../function/source.ts'

/** What travels beside the Request of an attempt. */
export interface AttemptBindings {
  readonly variables: FunctionVariables<unknown>
  /** What the handler threw, as it was thrown. */
  thrown?: unknown
}

export type Gateway = Hono<FunctionEnv & { Bindings: AttemptBindings }>

export function createGateway(functions: readonly FunctionDefinition[]): Gateway {
  const app: Gateway = new Hono()
  for (const { name, handler } of functions) {
    app.post(`/functions/${name}`, async (c, next) => {
      offer(c, c.env.variables)
      const response = await handler(c as unknown as Context<FunctionEnv>, next)
      return response ?? c.json({ error: `function ${name} returned no Response` }, 500)
    })
  }
  app.onError((error, c) => {
    // Hono's HTTPException: its status is what the handler means, as if it had answered with it.
    if ('getResponse' in error) return error.getResponse()
    // In process the error itself says more than any status.
    c.env.thrown = error
    return c.json({ error: error.message }, 500)
  })
  return app
}

/**
 * What an attempt has, as `c.var` and `c.get`; what a handler sets lies over it. Hono itself would copy the values, and asking
 * for the path of the attempt's folder makes the folder.
 */
function offer(c: Context, variables: FunctionVariables<unknown>): void {
  const own: Record<string, unknown> = Object.defineProperties(
    {},
    Object.getOwnPropertyDescriptors(variables),
  )
  Object.defineProperty(c, 'var', { value: own })
  c.get = (name: string) => own[name]
  c.set = (name: string, value: unknown) => {
    Object.defineProperty(own, name, { value, writable: true, enumerable: true, configurable: true })
  }
}

/** A CloudEvent about an object version, in headers; the key is percent-encoded since it may be any text. */
export function requestOf(functionName: string, runId: string, event: SourceObject, time: string): Request {
  return postWhenAsked(`http://runtime/functions/${functionName}`, () => ({
    headers: {
      'ce-specversion': '1.0',
      'ce-id': runId,
      'ce-type': 'com.amazonaws.s3.ObjectCreated',
      'ce-source': `minio:s3/${event.bucket}`,
      'ce-subject': encodeURIComponent(event.key),
      'ce-time': time,
    },
  }))
}
