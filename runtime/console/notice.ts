/** A sentence that is said once, on the next page: what a change has done, or why not. @module */
import type { Context } from 'hono'
import { deleteCookie, getCookie, setCookie } from 'hono/cookie'
import type { Notice } from './viewer.ts'

const COOKIE = 'sluice_notice'
/** Browsers keep 4 KiB of a cookie, with its name and its attributes. */
const MAX_ENCODED_LENGTH = 3_500

/** The sentence, which is then forgotten. */
export function takeNotice(c: Context, base: string): Notice | undefined {
  const given = getCookie(c, COOKIE)
  if (given === undefined) return undefined
  deleteCookie(c, COOKIE, { path: pathOf(base) })
  return { isBad: given.startsWith('!'), text: given.replace(/^!/, '') }
}

export function leaveNotice(c: Context, base: string, { text, isBad }: Notice): void {
  const value = bounded(`${isBad ? '!' : ''}${text}`)
  setCookie(c, COOKIE, value, { path: pathOf(base), maxAge: 30, httpOnly: true, sameSite: 'Lax' })
}

/** One character can take nine in a cookie; half of a character, which a cut may leave, has no encoding at all. */
function bounded(text: string): string {
  let length = 0
  let kept = ''
  for (const char of text.toWellFormed()) {
    length += encodeURIComponent(char).length
    if (length > MAX_ENCODED_LENGTH) return `${kept}…`
    kept += char
  }
  return kept
}

function pathOf(base: string): string {
  return base === '' ? '/' : base
}
