/** Errors that come back however often the same is asked, and the objects they are about. Pure. @module */
import { StorageError } from '../../storage/errors.ts'

/** An object that the store does not return, now or later. */
export interface Unreadable {
  readonly object: string
  readonly functionName?: string
  readonly error: Error
}

/**
 * Whether `error` is the store's answer to this very request, or a bug of ours: then asking again does not help. An error of a
 * server that is away is neither.
 */
export function isPermanent(error: unknown): error is Error {
  if (error instanceof StorageError)
    return error.code !== 'ABORT_ERR' && (error.trouble === undefined || error.trouble === 'refused')
  // Redis's client throws none of these.
  return [TypeError, RangeError, SyntaxError, URIError].some((kind) => error instanceof kind)
}
