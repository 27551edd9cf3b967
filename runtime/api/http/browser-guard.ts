/**
 * Without tokens everybody on this machine may call, and that includes every web page in its browser. Two ways of such a
 * page are closed here: a name of its own that resolves to this machine (DNS rebinding), and requests across sites.
 * @module
 */
import type { MiddlewareHandler } from 'hono'
import { isLoopback } from '../../settings/config-values.ts'
import type { ApiEnv } from './env.ts'
import { ProblemError } from './problem.ts'

export function guardFromBrowsers(): MiddlewareHandler<ApiEnv> {
  return async function guardFromBrowsers(c, next) {
    const host = c.req.header('host') ?? new URL(c.req.url).host
    if (!isLoopbackHost(host)) {
      throw new ProblemError(
        403,
        'without tokens only localhost is answered; set SLUICE_TOKEN_ADMIN to be called by another name',
      )
    }
    const origin = c.req.header('origin')
    if (origin !== undefined && hostOf(origin) !== host.toLowerCase()) {
      throw new ProblemError(403, 'without tokens a page of another origin is not answered')
    }
    await next()
  }
}

/** Shape: `localhost:8080`, `127.0.0.1`, `[::1]:8080`. */
function isLoopbackHost(host: string): boolean {
  const name = /^(?:\[([\da-f:]+)\]|([\w.-]+))(?::\d+)?$/i.exec(host)
  return isLoopback((name?.[1] ?? name?.[2] ?? '').toLowerCase())
}

/** Undefined of `null`, which a page without an origin sends. */
function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined
}
