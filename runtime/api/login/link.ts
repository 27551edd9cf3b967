/** A link that logs a browser in, once: printed for people who may read the tokens, so that they need not type one. @module */
import type { AnswerStore } from '../../queue/answers.ts'
import { TOKEN_ROLES, type TokenRole, type Tokens } from '../../settings/config.ts'
import { HOUR_MS } from '../../time.ts'
import { readNote, signNote, type Note } from './signed-note.ts'

/** How long a link can be used, if it was not. */
export const LINK_MS = HOUR_MS
const PURPOSE = 'sluice console link 1'

/** A path below the base, such as `/login?link=…`, for the highest role that has a token; undefined while no login is asked for. */
export function loginPathOf(tokens: Tokens, nowMs = Date.now()): string | undefined {
  const role = TOKEN_ROLES.findLast((each) => tokens[each] !== undefined)
  return role && `/login?link=${signNote(tokens, PURPOSE, role, nowMs + LINK_MS)}`
}

/**
 * The role of a link that nobody has used before; all processes agree about that.
 *
 * @returns undefined for a link that was used, has ended, or was signed with another token
 */
export async function useLink(
  tokens: Tokens,
  answers: AnswerStore,
  link: string,
  nowMs = Date.now(),
): Promise<TokenRole | undefined> {
  const note: Note | undefined = readNote(tokens, PURPOSE, link, nowMs)
  if (!note) return undefined
  // The note of a used link is kept for longer than any link lasts.
  const use = await answers.begin(`login link ${note.nonce}`, PURPOSE)
  if (use.kind !== 'begun') return undefined
  await use.keep({ status: 303, body: '' })
  return note.role
}
