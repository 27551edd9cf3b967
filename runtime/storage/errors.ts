/** The one error of the store, and the table of what passes by itself. @module */

/** Node's codes of faults on the way to a server. */
export const NETWORK_CODES = [
  'ECONNREFUSED',
  'ECONNRESET',
  'ETIMEDOUT',
  'EPIPE',
  'EAI_AGAIN',
  'ENOTFOUND',
  'EHOSTUNREACH',
]

/** MinIO's drives have no room (507). */
const STORAGE_FULL = 'XMinioStorageFull'

/** What passes: `reference/reliability.md` section 2 has the experiments. */
const PASSING = new Set([
  ...NETWORK_CODES,
  'SlowDown',
  'SlowDownRead',
  'SlowDownWrite',
  'RequestTimeout',
  'InternalError',
  'ServiceUnavailable',
  'XMinioServerNotInitialized',
  'BadDigest',
  'XAmzContentChecksumMismatch',
  'IncompleteBody',
  // Somebody makes room, or the lifecycle does; no file is to blame.
  STORAGE_FULL,
])

const SET_UP = new Set([
  'AccessDenied',
  'InvalidAccessKeyId',
  'SignatureDoesNotMatch',
  'RequestTimeTooSkewed',
  'NoSuchBucket',
])

/** There cannot be such an object, whatever is tried: NUL, `..`, a part or a key that is too long, a bucket's name that is none. */
const IMPOSSIBLE = [
  'XMinioInvalidObjectName',
  'XMinioInvalidResourceName',
  'KeyTooLongError',
  'InvalidBucketName',
]

/** Our clock is wrong, or has jumped: the answer that says so corrects it (sign.ts). */
const OUT_OF_TIME = ['RequestExpired', 'RequestNotYetValid', 'RequestTimeTooSkewed']

/** On the way to the store; of the store; no room; an account or a bucket that is not set up; a clock that is wrong. */
export const TROUBLES = ['network', 'server', 'full', 'refused', 'clock'] as const
export type Trouble = (typeof TROUBLES)[number]

/** A call to the store failed. `code` is the S3 code, Node's code of a network fault, or `ABORT_ERR`. */
export class StorageError extends Error {
  override readonly name = 'StorageError'
  readonly code: string
  readonly statusCode: number | undefined

  constructor(
    message: string,
    facts: { readonly code: string; readonly statusCode?: number; readonly cause?: unknown },
  ) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause })
    this.code = facts.code
    this.statusCode = facts.statusCode
  }

  /** Whether the store refuses this process's account or lacks a bucket: a matter of set-up, not of any object. */
  get isSetUp(): boolean {
    return SET_UP.has(this.code)
  }

  /** What kind of trouble it tells of; undefined for an answer to what was asked, such as that a key is missing. */
  get trouble(): Trouble | undefined {
    if (this.isFull) return 'full'
    if (NETWORK_CODES.includes(this.code)) return 'network'
    if (OUT_OF_TIME.includes(this.code)) return 'clock'
    if (this.isSetUp) return 'refused'
    return this.isPassing ? 'server' : undefined
  }

  /** Whether the store refuses the name of what was asked for: it would refuse it for ever. */
  get isImpossibleName(): boolean {
    return IMPOSSIBLE.includes(this.code)
  }

  /** Whether the store has no room for what is written. */
  get isFull(): boolean {
    return this.code === STORAGE_FULL || this.statusCode === 507
  }

  /** Whether the same call may succeed a moment later. */
  get isPassing(): boolean {
    return PASSING.has(this.code) || [408, 429, 499, 500, 502, 503, 504, 507].includes(this.statusCode ?? 0)
  }
}

/** Whether `error` is the store's refusal with one of these codes. */
export function isStorageCode(error: unknown, ...codes: readonly string[]): error is StorageError {
  return error instanceof StorageError && codes.includes(error.code)
}
