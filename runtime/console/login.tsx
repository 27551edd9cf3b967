/** Logging in and out by a token, and the role that each request has. @module */
import type { Context, Hono, MiddlewareHandler } from 'hono'
import { deleteCookie, getCookie, setCookie } from 'hono/cookie'
import { ProblemError } from '../api/http/problem.ts'
import type { Tokens } from '../settings/config.ts'
import { createRoleOf, hasTokens } from '../settings/token-roles.ts'
import { MINUTE_MS } from '../time.ts'
import type { ConsoleEnv } from './env.ts'
import { LoginPage } from './pages/alone.tsx'
import { isPart } from './show/show.tsx'
import { roleOfSession, SESSION_MS, sessionOf } from './session.ts'
import { themeOf } from './theme.ts'

const COOKIE = 'sluice_session'
const OWN = 'http://own'
/** Failed logins of all callers in a minute, by address: a token is long, so this is for the log and for patience. */
const MOST_FAILURES = 5

export interface LoginParts {
  readonly tokens: Tokens
  readonly base: string
}

export function addLogin(app: Hono<ConsoleEnv>, { tokens, base }: LoginParts): void {
  const roleOf = createRoleOf(tokens)
  const failures = createFailures()
  const path = base === '' ? '/' : base

  app.get('/login', (c) =>
    c.html(<LoginPage base={base} theme={themeOf(c)} next={ownPage(c.req.query('next'))} />),
  )
  app.post('/login', async (c) => {
    const { token, next } = await c.req.parseBody()
    const to = ownPage(next)
    const address = addressOf(c)
    const page = (failure: string, status: 401 | 429) =>
      c.html(<LoginPage base={base} theme={themeOf(c)} next={to} failure={failure} />, status)
    if (failures.areTooMany(address)) return page('Too many failed logins: try again in a minute.', 429)
    const role = typeof token === 'string' ? roleOf(token.trim()) : undefined
    if (!role) {
      failures.note(address)
      return page('No role has this token.', 401)
    }
    setCookie(c, COOKIE, sessionOf(tokens, role), {
      httpOnly: true,
      // Not Strict: who follows a link from a chat or from Grafana is logged in.
      sameSite: 'Lax',
      path,
      maxAge: SESSION_MS / 1_000,
      secure: c.req.header('x-forwarded-proto') === 'https',
    })
    return c.redirect(to ?? `${base}/`, 303)
  })
  app.post('/logout', (c) => {
    deleteCookie(c, COOKIE, { path })
    return c.redirect(`${base}/login`, 303)
  })
}

/** Finds the role of a request; without one, a page leads to the login. While no token is set, everybody is an admin. */
export function authenticated({ tokens, base }: LoginParts): MiddlewareHandler<ConsoleEnv> {
  const isOpen = !hasTokens(tokens)
  return async function authenticated(c, next) {
    const role = isOpen ? 'admin' : roleOfSession(tokens, getCookie(c, COOKIE))
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

/** Where the login leads to. */
function nextOf(c: Context): string {
  const { pathname, search } = new URL(c.req.url)
  return pathname === '/' && search === '' ? '' : `?next=${encodeURIComponent(pathname + search)}`
}

/** An address as {@link nextOf} gives it; a link from elsewhere leads nowhere else. */
function ownPage(next: unknown): string | undefined {
  if (typeof next !== 'string' || !next.startsWith('/') || !URL.canParse(next, OWN)) return undefined
  const { origin, pathname, search } = new URL(next, OWN)
  // `//` before a path would be a host.
  return origin === OWN && !pathname.startsWith('//') ? pathname + search : undefined
}

/** The address of the connection: behind a proxy all callers share it. */
function addressOf(c: Context): string {
  const { incoming } = (c.env ?? {}) as { incoming?: { socket?: { remoteAddress?: string } } }
  return incoming?.socket?.remoteAddress ?? ''
}

function createFailures(nowMs: () => number = Date.now) {
  const byAddress = new Map<string, number[]>()
  const recent = (address: string) =>
    (byAddress.get(address) ?? []).filter((atMs) => nowMs() - atMs < MINUTE_MS)
  return {
    areTooMany: (address: string) => recent(address).length >= MOST_FAILURES,
    note(address: string) {
      // Bounded, whoever calls: the oldest addresses are forgotten.
      if (byAddress.size >= 1_000) byAddress.delete(byAddress.keys().next().value ?? '')
      byAddress.set(address, [...recent(address), nowMs()])
    },
  }
}
