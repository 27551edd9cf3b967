/** Names of buckets and objects: the buckets that always exist, and the names S3 and MinIO allow. Pure. @module */

export const INCOMING_BUCKET = 'incoming'
/** Results, unless a function names another bucket. */
export const RESULT_BUCKET = 'processed'
/** Verdicts, and the runtime's own records. */
export const METADATA_BUCKET = 'metadata'
export const TEMPORARY_BUCKET = 'temporary'
/** The buckets that always exist; functions may name others. */
export const BUCKETS = [INCOMING_BUCKET, RESULT_BUCKET, METADATA_BUCKET, TEMPORARY_BUCKET] as const

/** The keys of the pieces of streams, in `incoming`, as a glob for functions that leave them out. */
export const STREAM_PIECES = 'streams/**'

/** Of S3, in bytes of UTF-8. */
export const KEY_MAX_BYTES = 1_024
/** Of MinIO's drives: a part of a key between slashes. */
export const SEGMENT_MAX_BYTES = 255

/** The reason why no object can have this key; undefined when one can. */
export function impossibleKey(key: string): string | undefined {
  const bytes = Buffer.byteLength(key)
  if (bytes === 0) return 'it is empty'
  if (bytes > KEY_MAX_BYTES) return `it has ${bytes} bytes, and a key has at most ${KEY_MAX_BYTES}`
  if (!key.isWellFormed()) return 'it is not valid Unicode'
  if (key.includes('\0')) return 'it has a NUL character'
  // A folder's own object ends with a slash.
  if (key.startsWith('/') || key.includes('//')) return 'it begins with a slash, or has two in a row'
  if (/(?:^|\/)\.\.?(?:\/|$)/.test(key)) return 'a part of it is "." or ".."'
  if (
    bytes > SEGMENT_MAX_BYTES &&
    key.split('/').some((segment) => Buffer.byteLength(segment) > SEGMENT_MAX_BYTES)
  )
    return `a part of it between slashes has more than ${SEGMENT_MAX_BYTES} bytes`
  return undefined
}

/** By S3's rules: 3 to 63 lower-case letters, digits, dots and hyphens, and no address. */
export function isBucketName(name: string): boolean {
  return (
    /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name) &&
    !/\.\.|\.-|-\./.test(name) &&
    !/^\d+\.\d+\.\d+\.\d+$/.test(name)
  )
}
