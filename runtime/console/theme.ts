/** Light, dark, or as the system: in a cookie, so that no page flashes and no script is needed. @module */
import type { Context } from 'hono'
import { getCookie, setCookie } from 'hono/cookie'
import { THEMES, type Theme } from './viewer.ts'

const COOKIE = 'sluice_theme'
const YEAR_SECONDS = 365 * 86_400

export function themeOf(c: Context): Theme {
  const given = getCookie(c, COOKIE)
  return THEMES.find((theme) => theme === given) ?? 'auto'
}

export function setNextTheme(c: Context, base: string): void {
  const next = THEMES[(THEMES.indexOf(themeOf(c)) + 1) % THEMES.length] ?? 'auto'
  setCookie(c, COOKIE, next, { path: base === '' ? '/' : base, sameSite: 'Lax', maxAge: YEAR_SECONDS })
}
