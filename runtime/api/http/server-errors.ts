/** What an error of Redis or MinIO means for the client whose request met it. Pure. @module */
import { NETWORK_CODES, StorageError } from '../../storage/errors.ts'

/** ioredis gives most of these no code and no class of their own; Redis itself answers the ones in capitals. */
const REDIS_AWAY = [
  /^Connection is closed/,
  /^Command timed out/,
  /^Socket timeout/,
  /^Stream isn't writeable/,
  /^Reached the max retries per request/,
  /^(?:LOADING|BUSY|READONLY|MASTERDOWN|CLUSTERDOWN|TRYAGAIN) /,
]

/** Which server did not answer: the request may succeed a moment later. */
export function absentServer(error: unknown): 'Redis' | 'MinIO' | undefined {
  if (error instanceof StorageError)
    return error.isPassing || error.code === 'ABORT_ERR' ? 'MinIO' : undefined
  if (!(error instanceof Error)) return undefined
  const { code } = error as NodeJS.ErrnoException
  // MinIO's calls fail with a StorageError, so that of all servers only Redis is left.
  if (code !== undefined && NETWORK_CODES.includes(code)) return 'Redis'
  return REDIS_AWAY.some((pattern) => pattern.test(error.message)) ? 'Redis' : undefined
}

/**
 * Why the store can never do what was asked. Which names it takes is its own affair (`a/../b` and `\0` are none), so that is
 * asked of it and not guessed before.
 */
export function refusedByStore(error: unknown): string | undefined {
  if (!(error instanceof StorageError)) return undefined
  if (error.code === 'NoSuchBucket') return 'there is no such bucket'
  if (error.code === 'AccessDenied')
    return "the runtime's account may not read this bucket: it reads those that functions name"
  // HEAD has no body, hence no code, for what GET calls XMinioInvalidObjectName.
  return error.statusCode === 400 || error.code === 'InvalidRequest'
    ? `MinIO takes no such bucket, key or prefix (${error.code})`
    : undefined
}
