/** A sentence that is said once, on the next page: what a change has done, or why not. @module */
import type { Context } from 'hono'
import { deleteCookie, getCookie, setCookie } from 'hono/cookie'
import type { Notice } from './viewer.ts'

const COOKIE = 'sluice_notice'
/** Browsers keep 4 KiB of a cookie. */
const MAX_LENGTH = 600

/** The sentence, which is then forgotten. */
export function takeNotice(c: Context, base: string): Notice | undefined {
  const given = getCookie(c, COOKIE)
  if (given === undefined) return undefined
  deleteCookie(c, COOKIE, { path: pathOf(base) })
  return { isBad: given.startsWith('!'), text: given.replace(/^!/, '') }
}

export function leaveNotice(c: Context, base: string, { text, isBad }: Notice): void {
  const value = `${isBad ? '!' : ''}${text}`.slice(0, MAX_LENGTH)
  setCookie(c, COOKIE, value, { path: pathOf(base), maxAge: 30, httpOnly: true, sameSite: 'Lax' })
}

function pathOf(base: string): string {
  return base === '' ? '/' : base
}
