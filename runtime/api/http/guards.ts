/** Guards before any route: the address, the caller's host and origin, the method. @module */
import type { MiddlewareHandler } from 'hono'
import { isLoopbackHost } from '../../settings/values.ts'
import type { ApiEnv } from './env.ts'
import type { ApiApp } from './openapi.ts'
import { ProblemError } from './problem.ts'

/**
 * Without tokens everybody on this machine may call, and that includes every web page in its browser. This closes the two ways
 * open to such a page: a name of its own that resolves to this machine (DNS rebinding), and requests across sites.
 */
export function guardFromBrowsers(): MiddlewareHandler<ApiEnv> {
  return async function guardFromBrowsers(c, next) {
    const host = c.req.header('host') ?? new URL(c.req.url).host
    if (!isLoopbackHost(host)) {
      throw new ProblemError(
        403,
        'while no token is set, only requests to localhost are answered; set SLUICE_TOKEN_ADMIN to allow other host names',
      )
    }
    const origin = c.req.header('origin')
    if (origin !== undefined && hostOf(origin) !== host.toLowerCase()) {
      throw new ProblemError(
        403,
        'while no token is set, requests from pages of another origin are not answered',
      )
    }
    await next()
  }
}

/** Undefined for `null`, which a page without an origin sends. */
function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined
}

/** Hono leaves an invalid escape as it is, so a key other than the intended one would be looked up. */
export function checkAddress(): MiddlewareHandler<ApiEnv> {
  return async function checkAddress(c, next) {
    const at = c.req.url.indexOf('/', c.req.url.indexOf('://') + 3)
    try {
      decodeURIComponent(c.req.url.slice(at))
    } catch {
      throw new ProblemError(
        400,
        'the address has a percent sign that does not start a UTF-8 escape; write it as %25',
      )
    }
    await next()
  }
}

/** Answers a known path with another method with 405 and the methods it has. To be called after all routes are added. */
export function addMethodGuards(app: ApiApp): void {
  const methodsByPath = new Map<string, Set<string>>()
  for (const { path, method } of app.routes) {
    if (method === 'ALL') continue
    const methods = methodsByPath.get(path) ?? new Set()
    methodsByPath.set(path, methods.add(method))
    // Hono answers HEAD with the handler of GET.
    if (method === 'GET') methods.add('HEAD')
  }
  for (const [path, methods] of methodsByPath) {
    addMethodGuard(app, path, [...methods])
  }
}

/** The same for one path, where a route with a parameter in its place would take it for a value of that. */
export function addMethodGuard(app: ApiApp, path: string, methods: readonly string[]): void {
  const allow = methods.toSorted().join(', ')
  app.all(path, (c) => {
    throw new ProblemError(405, `${c.req.method} is not allowed here, only ${allow}`, { headers: { allow } })
  })
}
