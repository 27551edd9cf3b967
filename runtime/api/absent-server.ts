/** Which server did not answer, told by the error: then the request may succeed a moment later. @module */
import { StorageError } from '../storage/errors.ts'

/** ioredis gives most of these no code and no class of their own; Redis itself answers the ones in capitals. */
const REDIS_AWAY = [
  /^Connection is closed/,
  /^Command timed out/,
  /^Socket timeout/,
  /^Stream isn't writeable/,
  /^Reached the max retries per request/,
  /^(?:LOADING|BUSY|READONLY|MASTERDOWN|CLUSTERDOWN|TRYAGAIN) /,
]

/** MinIO's calls fail with a StorageError, so that of all servers only Redis is left. */
const NETWORK_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ETIMEDOUT',
  'EPIPE',
  'EAI_AGAIN',
  'ENOTFOUND',
  'EHOSTUNREACH',
])

export function absentServer(error: unknown): 'Redis' | 'MinIO' | undefined {
  if (error instanceof StorageError)
    return error.isPassing || error.code === 'ABORT_ERR' ? 'MinIO' : undefined
  if (!(error instanceof Error)) return undefined
  const { code } = error as NodeJS.ErrnoException
  if (code !== undefined && NETWORK_CODES.has(code)) return 'Redis'
  return REDIS_AWAY.some((pattern) => pattern.test(error.message)) ? 'Redis' : undefined
}
