/**
 * Signed URLs: AWS Signature Version 4 in the query, the body not part of it
 * (https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html). minio-js is the reference in the test of this
 * file. Most calls are small, so what stays the same is kept: the key of the day, the text of the second.
 * @module
 */
import { createHmac, hash } from 'node:crypto'
import type { Credentials } from '../settings/config.ts'
import { ConfigError } from '../errors.ts'
import { StorageError } from './errors.ts'
import type { Method } from './http.ts'

export interface SignedCall {
  readonly method: Method
  readonly bucket: string
  /** Absent for calls about the bucket itself. */
  readonly key?: string | undefined
  readonly query?: Readonly<Record<string, string>> | undefined
  /** Headers in lower case that the signature covers and the request has to send: MinIO refuses user metadata otherwise. */
  readonly signedHeaders?: Readonly<Record<string, string>> | undefined
}

export interface Signer {
  /**
   * A URL that is a right to this one call for `expiresSeconds`, 1 to 604,800. Makes no network call.
   *
   * @throws {StorageError} `InvalidRequest` for a bucket name that no store accepts and a key that is not valid Unicode
   */
  sign(call: SignedCall, expiresSeconds: number): string
  /** Learns the store's clock from the `Date` header of an answer. */
  learnTime(dateHeader: string | undefined): void
}

export interface SignerOptions {
  readonly endpoint: string
  readonly region: string
  readonly credentials: Credentials
  /** @defaultValue `Date.now` */
  readonly now?: () => number
}

const ALGORITHM = 'AWS4-HMAC-SHA256'
/** S3's own limit: seven days. */
const EXPIRES_MAX_SECONDS = 604_800

/** @throws {ConfigError} when the endpoint has a path: S3 signatures have no place for one */
export function createSigner({ endpoint, region, credentials, now = Date.now }: SignerOptions): Signer {
  const { pathname, host, origin } = new URL(endpoint)
  if (pathname !== '/') {
    throw new ConfigError([
      `MINIO_ENDPOINT: "${endpoint}" has a path; give scheme, host and port only, such as "http://127.0.0.1:9000"`,
    ])
  }
  const timeOf = createTimes(region, credentials)
  // The store's clock less ours. A `Date` is older when we read it than when it was written, never younger, so a
  // wrong guess makes URLs end too early, which shows, and never too late, which would let a sleeper write.
  let offsetMs = 0
  let learned: string | undefined
  return {
    sign({ method, bucket, key, query, signedHeaders = {} }, expiresSeconds) {
      if (!isBucketName(bucket)) throw invalid(`${JSON.stringify(bucket)} is not a valid bucket name`)
      if (!(expiresSeconds >= 1 && expiresSeconds <= EXPIRES_MAX_SECONDS))
        throw invalid(`a URL is valid for 1 to ${EXPIRES_MAX_SECONDS} s, not ${expiresSeconds}`)
      const time = timeOf(Math.floor((now() + offsetMs) / 1_000))
      const path = key ? `/${bucket}/${escapePath(key)}` : `/${bucket}`
      const own = Object.entries(query ?? {}).map(([name, value]): Pair => [escape(name), escape(value)])
      const headers = [['host', host] as Pair, ...Object.entries(signedHeaders)].toSorted(byName)
      const names = headers.map(([name]) => name)
      const signing: Pair[] = [
        ...time.pairs,
        ['X-Amz-Expires', String(expiresSeconds)],
        ['X-Amz-SignedHeaders', escape(names.join(';'))],
      ]
      // The caller's query comes first in the URL, for those who read a log; the signature covers all of it in order.
      const ordered = textOf([...own, ...signing].toSorted(byName))
      const lines = headers
        .map(([name, value]) => `${name}:${value.trim().replaceAll(/ +/g, ' ')}\n`)
        .join('')
      const request = `${method}\n${path}\n${ordered}\n${lines}\n${names.join(';')}\nUNSIGNED-PAYLOAD`
      const digest = hash('sha256', request)
      const signature = createHmac('sha256', time.key)
        .update(`${ALGORITHM}\n${time.stamp}\n${time.scope}\n${digest}`)
        .digest('hex')
      const shown = own.length === 0 ? ordered : textOf([...own.toSorted(byName), ...signing])
      return `${origin}${path}?${shown}&X-Amz-Signature=${signature}`
    },
    learnTime(dateHeader) {
      // It has whole seconds: the first answer of a second is the closest to the truth.
      if (dateHeader === learned) return
      const storeMs = Date.parse(dateHeader ?? '')
      if (Number.isNaN(storeMs)) return
      learned = dateHeader
      offsetMs = storeMs - now()
    },
  }
}

type Pair = readonly [name: string, value: string]

interface SigningTime {
  readonly second: number
  /** Such as `20261130T104500Z`. */
  readonly stamp: string
  /** Such as `20261130/us-east-1/s3/aws4_request`. */
  readonly scope: string
  readonly key: Buffer
  /** The part of the query that all calls of this second share. */
  readonly pairs: readonly Pair[]
}

/** The last second and the last day are kept. */
function createTimes(region: string, { accessKey, secretKey }: Credentials): (second: number) => SigningTime {
  let last: SigningTime | undefined
  return (second) => {
    if (last?.second === second) return last
    const stamp = new Date(second * 1_000).toISOString().replaceAll(/[-:]|\.\d+/g, '')
    const scope = `${stamp.slice(0, 8)}/${region}/s3/aws4_request`
    const key = last?.scope === scope ? last.key : keyOf(secretKey, scope)
    const pairs: Pair[] = [
      ['X-Amz-Algorithm', ALGORITHM],
      ['X-Amz-Credential', escape(`${accessKey}/${scope}`)],
      ['X-Amz-Date', stamp],
    ]
    return (last = { second, stamp, scope, key, pairs })
  }
}

/** The key of a day: the secret, hashed with each part of the scope in turn. */
function keyOf(secretKey: string, scope: string): Buffer {
  let key: Buffer = Buffer.from(`AWS4${secretKey}`)
  for (const part of scope.split('/')) key = createHmac('sha256', key).update(part).digest()
  return key
}

/** By name, then by value: both are ASCII by then. minio-js sorts `name=value` as one text, wrong where one name begins another. */
function byName([a, x]: Pair, [b, y]: Pair): number {
  if (a !== b) return a < b ? -1 : 1
  if (x === y) return 0
  return x < y ? -1 : 1
}

function textOf(pairs: readonly Pair[]): string {
  return pairs.map(([name, value]) => `${name}=${value}`).join('&')
}

/** All but letters, digits and `-._~`, as bytes of UTF-8. */
function escape(text: string): string {
  try {
    return encodeURIComponent(text).replaceAll(
      /[!'()*]/g,
      (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
    )
  } catch (cause) {
    throw invalid(`${JSON.stringify(text)} is not valid Unicode`, cause)
  }
}

function escapePath(key: string): string {
  // True of nearly all keys.
  if (/^[\w./~-]*$/.test(key)) return key
  return escape(key).replaceAll('%2F', '/')
}

/** S3's rules, which also exclude IP addresses. */
function isBucketName(name: string): boolean {
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name)) return false
  return !/\.\.|\.-|-\.|^\d+\.\d+\.\d+\.\d+$/.test(name)
}

function invalid(message: string, cause?: unknown): StorageError {
  return new StorageError(message, { code: 'InvalidRequest', cause })
}

/** The lifetime of a link. */
const LINK_SECONDS = 3_600

export type Links = (bucket: string, key: string) => string

/**
 * Links to stored objects, for people and players: a holder may read that object until the link expires.
 *
 * @param options - with the endpoint under which people reach the store; signing makes no network call
 */
export function createLinks(options: SignerOptions): Links {
  const signer = createSigner(options)
  return (bucket, key) => signer.sign({ method: 'GET', bucket, key }, LINK_SECONDS)
}
