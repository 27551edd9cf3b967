/** Which errors would come back however often the same is asked. Pure. @module */
import { StorageError } from '../../storage/errors.ts'

/**
 * Whether `error` is the store's answer to what was asked, or something of ours that nobody foresaw. What a server that is
 * away gives is neither.
 */
export function isLasting(error: unknown): error is Error {
  if (error instanceof StorageError)
    return error.code !== 'ABORT_ERR' && (error.trouble === undefined || error.trouble === 'refused')
  // Redis's client throws none of these.
  return [TypeError, RangeError, SyntaxError, URIError].some((kind) => error instanceof kind)
}
