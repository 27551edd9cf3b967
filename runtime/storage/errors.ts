/** The error of the store, and the table of transient codes. @module */

/** Node's codes for errors on the way to a server. */
export const NETWORK_CODES = [
  'ECONNREFUSED',
  'ECONNRESET',
  'ETIMEDOUT',
  'EPIPE',
  'EAI_AGAIN',
  'ENOTFOUND',
  'EHOSTUNREACH',
]

/** MinIO's drives are full (507). */
const STORAGE_FULL = 'XMinioStorageFull'

/** Transient errors, found by experiments. */
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
  // Space is freed by people or by the lifecycle; the file is not to blame.
  STORAGE_FULL,
])

const SET_UP = new Set([
  'AccessDenied',
  'InvalidAccessKeyId',
  'SignatureDoesNotMatch',
  'RequestTimeTooSkewed',
  'NoSuchBucket',
])

/** No such object can exist: NUL, `..`, a part or a key that is too long, an invalid bucket name. */
const IMPOSSIBLE = [
  'XMinioInvalidObjectName',
  'XMinioInvalidResourceName',
  'KeyTooLongError',
  'InvalidBucketName',
]

/** Our clock is wrong, or has jumped: the answer with this code corrects it (sign.ts). */
const OUT_OF_TIME = ['RequestExpired', 'RequestNotYetValid', 'RequestTimeTooSkewed']

/** Causes of failed calls: the network, the store, lack of space, an account or bucket that is not set up, a wrong clock. */
export const TROUBLES = ['network', 'server', 'full', 'refused', 'clock'] as const
export type Trouble = (typeof TROUBLES)[number]

/** A failed call to the store. `code` is the S3 code, Node's code of a network error, or `ABORT_ERR`. */
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

  /** Whether the store refuses this process's account or lacks a bucket: a matter of setup, not of any object. */
  get isSetUp(): boolean {
    return SET_UP.has(this.code)
  }

  /** The cause; undefined for a proper answer, such as that a key is missing. */
  get trouble(): Trouble | undefined {
    if (this.isFull) return 'full'
    if (NETWORK_CODES.includes(this.code)) return 'network'
    if (OUT_OF_TIME.includes(this.code)) return 'clock'
    if (this.isSetUp) return 'refused'
    return this.isPassing ? 'server' : undefined
  }

  /** Whether the store refuses the name of the object or bucket, which no retry can change. */
  get isImpossibleName(): boolean {
    return IMPOSSIBLE.includes(this.code)
  }

  /** Whether the store has no space for the object. */
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
