/** Headers that bound what a browser may do with a page, and the check where a change comes from. @module */
import type { MiddlewareHandler } from 'hono'
import { ProblemError } from '../api/http/problem.ts'
import { isFromOwnPage } from '../api/login/own-page.ts'

/**
 * Pages run no script and load nothing but what the console itself serves.
 *
 * @param storeOrigin - where a browser uploads to, such as `https://s3.example.org`
 */
export function contentPolicy(storeOrigin?: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "media-src 'self' blob:",
    `connect-src 'self'${storeOrigin === undefined ? '' : ` ${storeOrigin}`}`,
    "form-action 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "require-trusted-types-for 'script'",
    'trusted-types sluice',
  ].join('; ')
}

export function securityHeaders(policy: string): MiddlewareHandler {
  return async function securityHeaders(c, next) {
    await next()
    // Files of the store have a stricter one of their own.
    if (!c.res.headers.has('content-security-policy')) c.header('content-security-policy', policy)
    if (!c.res.headers.has('cache-control')) c.header('cache-control', 'no-store')
    c.header('x-content-type-options', 'nosniff')
    c.header('referrer-policy', 'same-origin')
    c.header('cross-origin-opener-policy', 'same-origin')
  }
}

/** A change comes from one of our own pages. */
export const fromOwnPages: MiddlewareHandler = async function fromOwnPages(c, next) {
  if (!['GET', 'HEAD'].includes(c.req.method) && !isFromOwnPage(c.req.raw.headers)) {
    throw new ProblemError(403, 'a change must come from a page of this console: open the page again')
  }
  await next()
}
