/** The role that a bearer token has. @module */
import { createHash, timingSafeEqual } from 'node:crypto'
import { TOKEN_ROLES, type TokenRole, type Tokens } from './config.ts'

/** Undefined for a token that is not one of `tokens`. Takes equally long for every token: digests of one length, all compared. */
export function createRoleOf(tokens: Tokens): (token: string) => TokenRole | undefined {
  const digests = TOKEN_ROLES.flatMap((role) => {
    const token = tokens[role]
    return token === undefined ? [] : [{ role, digest: digestOf(token) }]
  })
  return (token) => {
    const digest = digestOf(token)
    const found = digests.filter((known) => timingSafeEqual(known.digest, digest))
    return found[0]?.role
  }
}

export function hasTokens(tokens: Tokens): boolean {
  return TOKEN_ROLES.some((role) => tokens[role] !== undefined)
}

/** The token of `Authorization: Bearer <token>`. */
export function bearerOf(header: string | undefined): string | undefined {
  return /^Bearer +(\S+) *$/i.exec(header ?? '')?.[1]
}

function digestOf(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}
