/** The bytes of one object as an answer: whole, a range of them, or nothing new. @module */
import { Readable } from 'node:stream'
import type { Context } from 'hono'
import { isStorageCode } from '../../storage/errors.ts'
import type { ByteRange, ObjectHead, Storage } from '../../storage/storage.ts'
import { requestedRange } from './byte-range.ts'
import { ProblemError, RefusedError } from './problem.ts'

/** The parts of a request for a file that decide about its answer. */
export interface FileRequest {
  readonly method: string
  readonly range: string | undefined
  readonly ifNoneMatch: string | undefined
  /** Aborted when the client is gone. */
  readonly signal: AbortSignal
}

export function fileRequestOf({ req }: Context): FileRequest {
  return {
    method: req.raw.method,
    range: req.header('range'),
    ifNoneMatch: req.header('if-none-match'),
    signal: req.raw.signal,
  }
}

export interface SentObject {
  readonly bucket: string
  readonly key: string
  /** For people, as in `there is no <what>`. */
  readonly what: string
  /** Headers beside those of length, range and version. */
  readonly headersOf: (head: ObjectHead) => Readonly<Record<string, string>>
}

/**
 * The answer 200, 206 or 304. The version that was looked at is the one that is sent.
 *
 * @throws {RefusedError} not-found; {ProblemError} 416 for a range beyond the end
 */
export async function sendObject(
  storage: Pick<Storage, 'head' | 'get'>,
  { bucket, key, what, headersOf }: SentObject,
  { method, range: header, ifNoneMatch, signal }: FileRequest,
): Promise<Response> {
  const head = await storage.head(bucket, key, { signal })
  if (!head) throw new RefusedError('not-found', `there is no ${what}`)
  const { sizeBytes } = head
  const etag = `"${head.etag}"`
  const own = headersOf(head)
  if (ifNoneMatch === etag) return new Response(null, { status: 304, headers: { ...own, etag } })
  const range = requestedRange(header, sizeBytes)
  if (range === 'unsatisfiable') {
    throw new ProblemError(416, `the range starts beyond the end of ${what}, which has ${sizeBytes} bytes`, {
      headers: { 'content-range': `bytes */${sizeBytes}` },
    })
  }
  const facts = {
    status: range ? 206 : 200,
    headers: { ...own, etag, 'accept-ranges': 'bytes', ...lengthOf(sizeBytes, range) },
  }
  if (method === 'HEAD' || sizeBytes === 0) return new Response(null, facts)
  try {
    const { body } = await storage.get(bucket, key, { ifMatch: head.etag, signal, ...(range && { range }) })
    return new Response(Readable.toWeb(body) as ReadableStream, facts)
  } catch (error) {
    if (!isStorageCode(error, 'NoSuchKey', 'PreconditionFailed')) throw error
    throw new RefusedError('not-found', `${what} was removed or replaced just now`)
  }
}

function lengthOf(sizeBytes: number, range: Required<ByteRange> | undefined) {
  if (!range) return { 'content-length': String(sizeBytes) }
  const { start, end } = range
  return {
    'content-length': String(end - start + 1),
    'content-range': `bytes ${start}-${end}/${sizeBytes}`,
  }
}
