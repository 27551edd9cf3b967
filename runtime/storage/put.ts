/**
 * Writes one object reliably: the store checks the bytes against their sha256, and a refusal after a lost reply is
 * investigated before it is reported.
 * @module
 */
import { createHash } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import { StorageError, isStorageCode } from './errors.ts'
import { metaHeaders, parseHead } from './headers.ts'
import type { Requester, StoreRequest } from './request.ts'
import type { ObjectHead, PutBody, PutOptions, Stored } from './storage.ts'

type Head = (bucket: string, key: string, signal: AbortSignal | undefined) => Promise<ObjectHead | undefined>

export interface PutTarget {
  readonly bucket: string
  readonly key: string
}

/** Sends until it is stored. */
export function putObject(
  requester: Requester,
  head: Head,
  target: PutTarget,
  body: PutBody,
  options: PutOptions,
): Promise<Stored> {
  let mayHaveLanded = false
  return requester.retry(options.signal, async () => {
    try {
      const { headers } = await requester.call(putRequest(target, body, options))
      return await believed(head, headers, target, body, options.signal)
    } catch (error) {
      if (mayHaveLanded && isStorageCode(error, 'PreconditionFailed')) {
        // The reply to the first attempt was lost; the object in the way may be its own.
        const found = await head(target.bucket, target.key, options.signal)
        if (found && isSame(found, body)) return storedAs(found)
      }
      mayHaveLanded ||= error instanceof StorageError && error.isPassing
      throw error
    }
  })
}

/** A single attempt with a URL that was signed before. */
export async function putSigned(
  requester: Requester,
  head: Head,
  url: string,
  body: PutBody,
  options: PutOptions,
): Promise<Stored> {
  const target = targetOf(url)
  const { headers } = await requester.callSigned(url, putRequest(target, body, options))
  return believed(head, headers, target, body, options.signal)
}

function putRequest(target: PutTarget, body: PutBody, options: PutOptions): StoreRequest {
  return {
    method: 'PUT',
    ...target,
    body,
    signedHeaders: metaHeaders(options.metadata),
    headers: {
      'content-type': options.contentType,
      'x-amz-checksum-sha256': Buffer.from(sha256Hex(body), 'hex').toString('base64'),
      ...(options.ifMatch === undefined ? {} : { 'if-match': `"${options.ifMatch}"` }),
      ...(options.ifNoneMatch === undefined ? {} : { 'if-none-match': options.ifNoneMatch }),
    },
    signal: options.signal,
    onBytes: options.onBytes,
  }
}

/** The etag, once it is certain that the store has all bytes: by the sha256 it reports, or by the size it has. */
async function believed(
  head: Head,
  headers: IncomingHttpHeaders,
  target: PutTarget,
  body: PutBody,
  signal: AbortSignal | undefined,
): Promise<Stored> {
  const answer = parseHead(headers)
  if (answer.sha256Hex === sha256Hex(body)) return storedAs(answer)
  const found = await head(target.bucket, target.key, signal)
  if (found && found.etag === answer.etag && isSame(found, body)) return storedAs(found)
  throw new StorageError(
    `${JSON.stringify(target.key)} in bucket "${target.bucket}" was stored with ${found?.sizeBytes ?? 'no'} bytes instead of ${sizeOf(body)}, or replaced at once`,
    { code: 'IncompleteBody' },
  )
}

function storedAs({ etag, versionId }: ObjectHead): Stored {
  return { etag, ...(versionId !== undefined && { versionId }) }
}

function isSame(found: ObjectHead, body: PutBody): boolean {
  if (found.sizeBytes !== sizeOf(body)) return false
  return found.sha256Hex === undefined || found.sha256Hex === sha256Hex(body)
}

function sizeOf(body: PutBody): number {
  return 'bytes' in body ? body.bytes.length : body.sizeBytes
}

function sha256Hex(body: PutBody): string {
  return 'bytes' in body ? createHash('sha256').update(body.bytes).digest('hex') : body.sha256Hex
}

/** Bucket and key of a path-style URL. */
function targetOf(url: string): PutTarget {
  const [bucket = '', ...segments] = url
    .slice(new URL(url).origin.length + 1)
    .replace(/\?.*$/s, '')
    .split('/')
  return { bucket, key: segments.map(decodeURIComponent).join('/') }
}
