/**
 * The cookie of a browser's login. Over TLS its name has a prefix by which browsers refuse one that was set without TLS or by
 * another host of the domain: `__Host-`, or `__Secure-` below a base path, as `__Host-` is for the path `/` alone.
 * @module
 */
import type { Context } from 'hono'
import { deleteCookie, getCookie, setCookie } from 'hono/cookie'
import type { CallerOf } from './callers.ts'

const NAME = 'sluice_session'

export interface SessionCookie {
  read(c: Context): string | undefined
  write(c: Context, session: string, maxAgeSeconds: number): void
  end(c: Context): void
}

export function createSessionCookie(base: string, callerOf: CallerOf): SessionCookie {
  const path = base === '' ? '/' : base
  const prefix = base === '' ? 'host' : 'secure'
  /** A cookie without the prefix does not count over TLS: anybody on the way could have set it over plain HTTP. */
  const isSecure = (c: Context) => callerOf(c).isSecure
  return {
    read: (c) => (isSecure(c) ? getCookie(c, NAME, prefix) : getCookie(c, NAME)),
    write(c, session, maxAgeSeconds) {
      const secure = isSecure(c)
      setCookie(c, NAME, session, {
        ...(secure && { prefix }),
        secure,
        httpOnly: true,
        // Not Strict: someone who follows a link from a chat or from Grafana is logged in.
        sameSite: 'Lax',
        path,
        maxAge: maxAgeSeconds,
      })
    },
    end(c) {
      const secure = isSecure(c)
      deleteCookie(c, NAME, { path, secure, ...(secure && { prefix }) })
    },
  }
}
