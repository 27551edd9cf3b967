/**
 * Writes one object reliably: the store checks the bytes against a checksum, and a refusal after a lost reply is
 * investigated before it is reported.
 * @module
 */
import type { IncomingHttpHeaders } from 'node:http'
import { StorageError, isStorageCode } from './errors.ts'
import { CACHE_CONTROL, metaHeaders, parseHead } from './headers.ts'
import { proofOf, type Proof } from './proof.ts'
import type { Requester, StoreRequest } from './request.ts'
import type { ObjectHead, PutBody, PutOptions, Written } from './storage.ts'

type Head = (bucket: string, key: string, signal: AbortSignal | undefined) => Promise<ObjectHead | undefined>

export interface PutTarget {
  readonly bucket: string
  readonly key: string
}

/** Sends until it is stored. */
export async function putObject(
  requester: Requester,
  head: Head,
  target: PutTarget,
  body: PutBody,
  options: PutOptions,
): Promise<Written> {
  const proof = await proofOf(body)
  let mayHaveLanded = false
  return requester.retry(options.signal, async () => {
    try {
      const { headers } = await requester.call(putRequest(target, body, proof, options))
      return await believed(head, headers, target, proof, options.signal)
    } catch (error) {
      if (mayHaveLanded && isStorageCode(error, 'PreconditionFailed')) {
        // The reply to the first attempt was lost; the object in the way may be its own.
        const found = await head(target.bucket, target.key, options.signal)
        if (found && proof.isSame(found)) return storedAs(found, proof)
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
): Promise<Written> {
  const target = targetOf(url)
  const proof = await proofOf(body)
  const { headers } = await requester.callSigned(url, putRequest(target, body, proof, options))
  return believed(head, headers, target, proof, options.signal)
}

function putRequest(target: PutTarget, body: PutBody, proof: Proof, options: PutOptions): StoreRequest {
  const { headers, onStep } = proof.request()
  return {
    method: 'PUT',
    ...target,
    body,
    signedHeaders: metaHeaders(options.metadata),
    headers: {
      'content-type': options.contentType,
      'cache-control': CACHE_CONTROL[options.caching ?? 'no-cache'],
      ...headers,
      ...(options.ifMatch === undefined ? {} : { 'if-match': `"${options.ifMatch}"` }),
      ...(options.ifNoneMatch === undefined ? {} : { 'if-none-match': options.ifNoneMatch }),
    },
    signal: options.signal,
    onBytes: options.onBytes,
    onStep,
  }
}

/** The etag, once it is certain that the store has all bytes: by the checksum it repeats, or by what it has. */
async function believed(
  head: Head,
  headers: IncomingHttpHeaders,
  target: PutTarget,
  proof: Proof,
  signal: AbortSignal | undefined,
): Promise<Written> {
  const answer = parseHead(headers)
  if (proof.isRepeated(answer)) return storedAs(answer, proof)
  const found = await head(target.bucket, target.key, signal)
  if (found && found.etag === answer.etag && proof.isSame(found)) return storedAs(found, proof)
  throw new StorageError(
    `${JSON.stringify(target.key)} in bucket "${target.bucket}" was stored with ${found?.sizeBytes ?? 'no'} bytes instead of ${proof.sizeBytes}, or replaced at once`,
    { code: 'IncompleteBody' },
  )
}

function storedAs({ etag, versionId }: ObjectHead, { sha256Hex }: Proof): Written {
  return { etag, sha256Hex, ...(versionId !== undefined && { versionId }) }
}

/** Bucket and key of a path-style URL. */
function targetOf(url: string): PutTarget {
  const [bucket = '', ...segments] = url
    .slice(new URL(url).origin.length + 1)
    .replace(/\?.*$/s, '')
    .split('/')
  return { bucket, key: segments.map(decodeURIComponent).join('/') }
}
