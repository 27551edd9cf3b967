/** A browser's login: a signed note in a cookie. No process keeps anything about it. @module */
import type { TokenRole, Tokens } from '../../settings/config.ts'
import { HOUR_MS } from '../../time.ts'
import { readNote, signNote } from './signed-note.ts'

export const SESSION_MS = 12 * HOUR_MS
const PURPOSE = 'sluice console session 1'

/** @throws {Error} when no token is set for the role */
export function sessionOf(tokens: Tokens, role: TokenRole, nowMs = Date.now()): string {
  return signNote(tokens, PURPOSE, role, nowMs + SESSION_MS)
}

/** Undefined for a session that has ended, was changed, or was signed with another token. */
export function roleOfSession(
  tokens: Tokens,
  session: string | undefined,
  nowMs = Date.now(),
): TokenRole | undefined {
  return readNote(tokens, PURPOSE, session, nowMs)?.role
}
