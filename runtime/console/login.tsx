/** Logging in and out by a token, and the role that each request has. @module */
import type { Context, Hono, MiddlewareHandler } from 'hono'
import { withoutBase } from '../api/http/base-path.ts'
import { ProblemError } from '../api/http/problem.ts'
import { createCallerOf } from '../api/login/callers.ts'
import { createSessionCookie } from '../api/login/cookie.ts'
import type { FailedLogins } from '../api/login/failed-logins.ts'
import { useLink } from '../api/login/link.ts'
import { roleOfSession, SESSION_MS, sessionOf } from '../api/login/session.ts'
import type { ApiServices } from '../api/services.ts'
import type { TokenRole, Tokens } from '../settings/config.ts'
import { createRoleOf, hasTokens } from '../settings/token-roles.ts'
import type { Network } from '../settings/trusted-proxies.ts'
import { SECOND_MS } from '../time.ts'
import type { ConsoleEnv } from './env.ts'
import { LoginPage } from './pages/alone.tsx'
import { isPart } from './show/show.tsx'
import { themeOf } from './theme.ts'

const OWN = 'http://own'

export interface LoginParts {
  readonly services: Pick<ApiServices, 'answers'>
  readonly tokens: Tokens
  readonly base: string
  readonly trustedProxies: readonly Network[]
  readonly failedLogins: FailedLogins
}

export function addLogin(app: Hono<ConsoleEnv>, parts: LoginParts): void {
  const { services, tokens, base, failedLogins } = parts
  const callerOf = createCallerOf(parts.trustedProxies)
  const cookie = createSessionCookie(base, callerOf)
  const roleOf = createRoleOf(tokens)

  app.get('/login', async (c) => {
    const { link, next } = c.req.query()
    const isIn = !hasTokens(tokens) || roleOfSession(tokens, cookie.read(c)) !== undefined
    // A browser that has loaded the link ahead of its person is logged in already.
    if (link !== undefined && isIn) return c.redirect(`${base}/`, 303)
    // Programs that look at a link before its person does ask for its headers alone.
    if (link === undefined || c.req.method === 'HEAD')
      return c.html(<LoginPage base={base} theme={themeOf(c)} next={ownPage(next, base)} />)
    const role = await useLink(tokens, services.answers, link)
    return role ? enter(c, role) : refuse(c, USED_LINK, 401)
  })
  app.post('/login', async (c) => {
    const { token, next } = await c.req.parseBody()
    const to = ownPage(next, base)
    const { address } = callerOf(c)
    if (failedLogins.waitMs(address) > 0)
      return refuse(c, 'Too many failed logins: try again in a minute.', 429, to)
    const role = typeof token === 'string' ? roleOf(token.trim()) : undefined
    if (role) return enter(c, role, to)
    failedLogins.note(address)
    return refuse(c, 'No role has this token.', 401, to)
  })
  app.post('/logout', (c) => {
    cookie.end(c)
    return c.redirect(`${base}/login`, 303)
  })

  function enter(c: Context, role: TokenRole, to = '/'): Response {
    cookie.write(c, sessionOf(tokens, role), SESSION_MS / SECOND_MS)
    return c.redirect(`${base}${to}`, 303)
  }

  function refuse(c: Context, failure: string, status: 401 | 429, to?: string) {
    return c.html(<LoginPage base={base} theme={themeOf(c)} failure={failure} next={to} />, status)
  }
}

const USED_LINK = 'This link has been used, or is older than an hour: `sluice console` prints another one.'

/** Finds the role of a request; without one, a page leads to the login, and from there back. While no token is set, everybody is an admin. */
export function authenticated({ tokens, base, trustedProxies }: LoginParts): MiddlewareHandler<ConsoleEnv> {
  const isOpen = !hasTokens(tokens)
  const cookie = createSessionCookie(base, createCallerOf(trustedProxies))
  return async function authenticated(c, next) {
    const role = isOpen ? 'admin' : roleOfSession(tokens, cookie.read(c))
    if (!role) {
      // A page that is open says so itself.
      if (c.req.method === 'GET' && !isPart(c)) return c.redirect(`${base}/login${nextOf(c)}`, 303)
      throw new ProblemError(401, 'the login has ended: log in again')
    }
    c.set('role', role)
    if (role === 'reader' && !['GET', 'HEAD'].includes(c.req.method)) {
      throw new ProblemError(403, 'the role operator is required; you are logged in as reader')
    }
    await next()
  }
}

/** Where the login leads to, without the base. */
function nextOf(c: Context): string {
  const { pathname, search } = new URL(c.req.url)
  return pathname === '/' && search === '' ? '' : `?next=${encodeURIComponent(pathname + search)}`
}

/** An address as {@link nextOf} gives it, or as an open page has it, with the base; a link from elsewhere leads nowhere else. */
function ownPage(next: unknown, base: string): string | undefined {
  if (typeof next !== 'string' || !next.startsWith('/') || !URL.canParse(next, OWN)) return undefined
  const { origin, pathname, search } = new URL(next, OWN)
  // `//` before a path would be a host.
  return origin === OWN && !pathname.startsWith('//') ? withoutBase(pathname + search, base) : undefined
}
