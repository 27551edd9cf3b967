/**
 * Authentication and authorization: bearer tokens of three roles, and the login of a browser. Reading needs a reader and everything
 * else an operator, so that no new route is open by mistake; a destructive route demands more with {@link needs}.
 * @module
 */
import type { Context, MiddlewareHandler } from 'hono'
import { TOKEN_ROLES, type TokenRole, type Tokens } from '../../settings/config.ts'
import { bearerOf, createRoleOf, hasTokens } from '../../settings/token-roles.ts'
import { SECOND_MS } from '../../time.ts'
import type { FailedLogins } from '../login/failed-logins.ts'
import { isFromOwnPage } from '../login/own-page.ts'
import type { ApiEnv } from './env.ts'
import { ProblemError } from './problem.ts'

const READING = ['GET', 'HEAD', 'OPTIONS']

export interface AuthParts {
  readonly tokens: Tokens
  /** The role of the browser's login, if the request has one. */
  readonly roleOfLogin: (c: Context) => TokenRole | undefined
  readonly addressOf: (c: Context) => string
  readonly failedLogins: FailedLogins
}

/**
 * Finds the role of a request and checks it against the method. While no token is set, every caller is an admin. A login counts
 * where there is no token; what it changes must come from one of our own pages, since browsers send it with requests of others too.
 */
export function authenticate(parts: AuthParts): MiddlewareHandler<ApiEnv> {
  const { tokens, roleOfLogin, addressOf, failedLogins } = parts
  const roleOf = createRoleOf(tokens)
  const isOpen = !hasTokens(tokens)

  function roleOfToken(c: Context<ApiEnv>, header: string): TokenRole {
    const token = bearerOf(header)
    if (token === undefined) throw unauthorized('a token is required: Authorization: Bearer <token>')
    const role = roleOf(token)
    if (role) return role
    // The right token is never refused: behind a proxy, one caller with a wrong one would lock out all others.
    const address = addressOf(c)
    const waitMs = failedLogins.waitMs(address)
    failedLogins.note(address)
    throw waitMs > 0 ? tooMany(waitMs) : unauthorized('unknown token', 'invalid_token')
  }

  function roleOfBrowser(c: Context<ApiEnv>): TokenRole {
    const role = roleOfLogin(c)
    if (!role) throw unauthorized('a token is required: Authorization: Bearer <token>')
    if (READING.includes(c.req.method) || isFromOwnPage(c.req.raw.headers)) return role
    throw new ProblemError(403, 'with a login, a change must come from a page of this runtime: send a token')
  }

  return async function authenticate(c, next) {
    const header = c.req.header('authorization')
    const role = isOpen ? 'admin' : header === undefined ? roleOfBrowser(c) : roleOfToken(c, header)
    c.set('role', role)
    assertAtLeast(role, READING.includes(c.req.method) ? 'reader' : 'operator')
    await next()
  }
}

/** For a route that needs a higher role than its method. */
export function needs(role: TokenRole): MiddlewareHandler<ApiEnv> {
  return async function needs(c, next) {
    assertAtLeast(c.var.role, role)
    await next()
  }
}

function assertAtLeast(role: TokenRole, least: TokenRole): void {
  if (TOKEN_ROLES.indexOf(role) >= TOKEN_ROLES.indexOf(least)) return
  throw new ProblemError(403, `the role ${least} is required; the token has the role ${role}`, {
    headers: { 'www-authenticate': 'Bearer realm="sluice", error="insufficient_scope"' },
  })
}

function unauthorized(detail: string, error?: 'invalid_token'): ProblemError {
  const challenge = `Bearer realm="sluice"${error === undefined ? '' : `, error="${error}"`}`
  return new ProblemError(401, detail, { headers: { 'www-authenticate': challenge } })
}

function tooMany(waitMs: number): ProblemError {
  return new ProblemError(429, 'unknown token, for more than the fifth time in a minute: check it', {
    headers: { 'retry-after': String(Math.ceil(waitMs / SECOND_MS)) },
  })
}
