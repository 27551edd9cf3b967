/** Cursors of pages: opaque to clients, checked when they come back. @module */
import { RefusedError } from '../services.ts'

export function toCursor(parts: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify(parts)).toString('base64url')
}

/**
 * The parts of a cursor that {@link toCursor} made.
 *
 * @throws {RefusedError} 422 when `isValid` does not know it
 */
export function fromCursor<T>(
  cursor: string | undefined,
  isValid: (parts: unknown) => parts is T,
): T | undefined {
  if (cursor === undefined) return undefined
  try {
    const parts: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString())
    if (isValid(parts)) return parts
  } catch {
    // Said below.
  }
  throw new RefusedError(422, 'cursor: not one of this list; leave it out to begin anew')
}
