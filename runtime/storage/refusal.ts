/** Explains the store's refusals: S3's XML or MinIO's headers, as a StorageError that says what to do. @module */
import type { IncomingMessage } from 'node:http'
import { StorageError } from './errors.ts'
import { parseXml, textOf, type XmlNode } from './xml.ts'

/** Advice by code; other codes are explained by the store's own message. */
const ADVICE: Readonly<Record<string, string>> = {
  AccessDenied: 'the access key in use may not do this; run `sluice setup`, or check its policy in MinIO',
  NoSuchBucket: 'create it with `sluice setup`',
  InvalidAccessKeyId:
    'MinIO does not know this access key; check the settings MINIO_*_KEY, or run `sluice setup`',
  SignatureDoesNotMatch: 'the secret key is wrong, or a proxy changes the Host header',
  RequestTimeTooSkewed: 'set the clocks of this machine and of MinIO',
  XMinioStorageFull: 'MinIO has no space left; free some, or add drives',
  ECONNREFUSED: 'is MinIO running there? start it, or set MINIO_ENDPOINT',
  ENOTFOUND: 'no such host; check MINIO_ENDPOINT',
}

/** MinIO answers `AccessDenied` also for a URL outside its time; a newly signed URL succeeds. */
const OUT_OF_TIME: Readonly<Record<string, string>> = {
  'Request has expired': 'RequestExpired',
  'Request is not valid yet': 'RequestNotYetValid',
}

/** The refusal in `response`, whose body has been read as `body` (empty after a HEAD). */
export function refusalOf(
  response: Pick<IncomingMessage, 'statusCode' | 'headers'>,
  body: string,
): StorageError {
  const statusCode = response.statusCode ?? 0
  const error = body.includes('<Error>') ? errorIn(body) : {}
  // A HEAD has no body; MinIO puts the code into a header of its own.
  const header = (name: string) => String(response.headers[name] ?? '').replace(/^"|"$/g, '')
  const message = textOf(error, 'Message') || header('x-minio-error-desc') || `HTTP status ${statusCode}`
  const code = textOf(error, 'Code') || header('x-minio-error-code') || codeOfStatus(statusCode)
  return new StorageError(message, { code: OUT_OF_TIME[message] ?? code, statusCode })
}

/** A missing object is reported several times for each new result, so that answer is not parsed in full. */
const PLAIN = /<Error><Code>(\w+)<\/Code><Message>([^<&]*)<\/Message>/

function errorIn(body: string): XmlNode {
  const [, Code, Message] = PLAIN.exec(body) ?? []
  return Code !== undefined && Message !== undefined ? { Code, Message } : parseXml(body, 'Error')
}

/** The code for a bare status, where the store gave none. */
function codeOfStatus(statusCode: number): string {
  if (statusCode === 404) return 'NotFound'
  if (statusCode === 412) return 'PreconditionFailed'
  if (statusCode === 403) return 'AccessDenied'
  return `HTTP${statusCode}`
}

/** The same error with the call, the object, and advice in its message. */
export function explained(error: StorageError, tried: string): StorageError {
  const advice = ADVICE[error.code]
  const text = error.message.includes(error.code) ? error.message : `${error.code}: ${error.message}`
  return new StorageError(`${tried}: ${text}${advice ? `; ${advice}` : ''}`, {
    code: error.code,
    ...(error.statusCode === undefined ? {} : { statusCode: error.statusCode }),
    cause: error.cause ?? error,
  })
}
