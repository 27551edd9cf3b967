/**
 * A browser's login: a signed note in a cookie, with a role and a time. Its key is made of the role's token, so every replica can
 * read it, and a changed token ends it. The token itself is in no cookie.
 * @module
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { TOKEN_ROLES, type TokenRole, type Tokens } from '../settings/config.ts'
import { HOUR_MS } from '../time.ts'

export const SESSION_MS = 12 * HOUR_MS
const PURPOSE = 'sluice console session 1'

/**
 * Such as `1.operator.1764547200000.pX2n….3q8v…`: version, role, end in epoch ms, a random text, and the signature of all of it.
 *
 * @throws {Error} when no token is set for the role
 */
export function sessionOf(tokens: Tokens, role: TokenRole, nowMs = Date.now()): string {
  const token = tokens[role]
  if (token === undefined) throw new Error(`there is no token of the role ${role}`)
  const note = `1.${role}.${nowMs + SESSION_MS}.${randomBytes(9).toString('base64url')}`
  return `${note}.${signatureOf(token, note)}`
}

/** Undefined for a session that has ended, was changed, or was signed with another token. */
export function roleOfSession(
  tokens: Tokens,
  session: string | undefined,
  nowMs = Date.now(),
): TokenRole | undefined {
  const parts = session?.split('.') ?? []
  const [version, name, untilMs, , signature = ''] = parts
  const role = TOKEN_ROLES.find((each) => each === name)
  const token = role && tokens[role]
  if (parts.length !== 5 || version !== '1' || token === undefined) return undefined
  const expected = Buffer.from(signatureOf(token, parts.slice(0, 4).join('.')))
  const given = Buffer.from(signature)
  const isOurs = expected.length === given.length && timingSafeEqual(expected, given)
  return isOurs && nowMs < Number(untilMs) ? role : undefined
}

function signatureOf(token: string, note: string): string {
  const key = createHmac('sha256', token).update(PURPOSE).digest()
  return createHmac('sha256', key).update(note).digest('base64url')
}
