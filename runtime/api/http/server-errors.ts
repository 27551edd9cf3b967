/** The meaning of an error of Redis or MinIO for the client whose request met it. Pure. @module */
import { isRedisAway } from '../../queue/redis.ts'
import { NETWORK_CODES, StorageError } from '../../storage/errors.ts'

/** The server that did not answer: the request may succeed a moment later. */
export function absentServer(error: unknown): 'Redis' | 'MinIO' | undefined {
  if (error instanceof StorageError)
    return error.isPassing || error.code === 'ABORT_ERR' ? 'MinIO' : undefined
  if (!(error instanceof Error)) return undefined
  const { code } = error as NodeJS.ErrnoException
  // Calls to MinIO fail with a StorageError, so the only other server is Redis.
  if (code !== undefined && NETWORK_CODES.includes(code)) return 'Redis'
  return isRedisAway(error) ? 'Redis' : undefined
}

/**
 * The reason the store can never do what was asked. It alone decides which names are valid (`a/../b` and `\0` are not), so it is
 * asked rather than second-guessed.
 */
export function refusedByStore(error: unknown): string | undefined {
  if (!(error instanceof StorageError)) return undefined
  if (error.code === 'NoSuchBucket') return 'there is no such bucket'
  if (error.code === 'AccessDenied')
    return "the runtime's account may not read this bucket: it may read those that functions name"
  // HEAD has no body, hence no code, where GET answers XMinioInvalidObjectName.
  return error.statusCode === 400 || error.code === 'InvalidRequest'
    ? `MinIO does not accept this bucket, key or prefix (${error.code})`
    : undefined
}
