/**
 * A note with a role and a time, signed with a key that is made of the role's token: every replica can read it, and a changed
 * token ends it. The token itself is not in it.
 * @module
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { TOKEN_ROLES, type TokenRole, type Tokens } from '../../settings/config.ts'

export interface Note {
  readonly role: TokenRole
  /** No two notes have the same. */
  readonly nonce: string
}

/**
 * Such as `1.operator.1764547200000.pX2n….3q8v…`: version, role, end in epoch ms, a random text, and the signature of all of it.
 *
 * @param purpose - a note for one purpose is not valid for another
 * @throws {Error} when no token is set for the role
 */
export function signNote(tokens: Tokens, purpose: string, role: TokenRole, untilMs: number): string {
  const token = tokens[role]
  if (token === undefined) throw new Error(`there is no token of the role ${role}`)
  const note = `1.${role}.${untilMs}.${randomBytes(9).toString('base64url')}`
  return `${note}.${signatureOf(token, purpose, note)}`
}

/** Undefined for a note that has ended, was changed, is for another purpose, or was signed with another token. */
export function readNote(
  tokens: Tokens,
  purpose: string,
  text: string | undefined,
  nowMs: number,
): Note | undefined {
  const parts = text?.split('.') ?? []
  const [version, name, untilMs, nonce = '', signature = ''] = parts
  const role = TOKEN_ROLES.find((each) => each === name)
  const token = role && tokens[role]
  if (parts.length !== 5 || version !== '1' || token === undefined) return undefined
  const expected = Buffer.from(signatureOf(token, purpose, parts.slice(0, 4).join('.')))
  const given = Buffer.from(signature)
  const isOurs = expected.length === given.length && timingSafeEqual(expected, given)
  return role && isOurs && nowMs < Number(untilMs) ? { role, nonce } : undefined
}

function signatureOf(token: string, purpose: string, note: string): string {
  const key = createHmac('sha256', token).update(purpose).digest()
  return createHmac('sha256', key).update(note).digest('base64url')
}
