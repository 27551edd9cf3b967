/**
 * Authentication and authorization: bearer tokens of three roles. Reading needs a reader and everything else an operator, so
 * that no new route is open by mistake; a destructive route demands more with {@link needs}.
 * @module
 */
import type { MiddlewareHandler } from 'hono'
import { TOKEN_ROLES, type TokenRole, type Tokens } from '../../settings/config.ts'
import { bearerOf, createRoleOf, hasTokens } from '../../settings/token-roles.ts'
import type { ApiEnv } from './env.ts'
import { ProblemError } from './problem.ts'

const READING = ['GET', 'HEAD', 'OPTIONS']

/** Finds the role of a request's token and checks it against the method. While no token is set, every caller is an admin. */
export function authenticate(tokens: Tokens): MiddlewareHandler<ApiEnv> {
  const roleOf = createRoleOf(tokens)
  const isOpen = !hasTokens(tokens)

  return async function authenticate(c, next) {
    const token = bearerOf(c.req.header('authorization'))
    const role = isOpen ? 'admin' : token === undefined ? undefined : roleOf(token)
    if (!role) throw unauthorized(token !== undefined)
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

function unauthorized(isGiven: boolean): ProblemError {
  return isGiven
    ? new ProblemError(401, 'unknown token', {
        headers: { 'www-authenticate': 'Bearer realm="sluice", error="invalid_token"' },
      })
    : new ProblemError(401, 'a token is required: Authorization: Bearer <token>', {
        headers: { 'www-authenticate': 'Bearer realm="sluice"' },
      })
}
