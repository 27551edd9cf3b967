/** {@link Storage} for MinIO, made of signed requests. @module */
import { PassThrough, type Readable } from 'node:stream'
import type { IncomingMessage } from 'node:http'
import { isStorageCode, StorageError } from './errors.ts'
import { parseHead } from './headers.ts'
import { listObjects } from './list.ts'
import { putObject, putSigned } from './put.ts'
import { createRequester, type Requester, type RequesterOptions, type StoreRequest } from './request.ts'
import type { ByteRange, GetOptions, ReadOptions, Storage } from './storage.ts'

export type StorageOptions = RequesterOptions

export function createStorage(options: StorageOptions): Storage {
  return storageOn(createRequester(options))
}

/** {@link Storage} on a requester shared with the caller; closing one closes the other. */
export function storageOn(requester: Requester): Storage {
  const head = async (bucket: string, key: string, options: ReadOptions = {}) => {
    const request = { ...readRequest(bucket, key, options), method: 'HEAD' as const }
    try {
      const { headers } = await requester.read(request)
      return parseHead(headers)
    } catch (error) {
      if (isMissing(error)) return undefined
      // Another store than MinIO: a bare 404 does not say whether the key or the whole bucket is missing.
      if (isStorageCode(error, 'NotFound')) return isBucketThere(requester, request)
      throw error
    }
  }
  const headLatest = (bucket: string, key: string, signal: AbortSignal | undefined) =>
    head(bucket, key, { signal })

  const writer: Requester = {
    ...requester,
    retry: (signal, attempt) => requester.retryWrite(signal, attempt),
  }

  const get: Storage['get'] = async (bucket, key, options = {}) => {
    const request = readRequest(bucket, key, options)
    const response = await requester.retry(options.signal, () => requester.send(request))
    const wrong = options.range && wrongRange(options.range, response)
    if (wrong) {
      response.destroy()
      throw requester.explain(wrong, request)
    }
    return {
      head: parseHead(response.headers),
      body: bodyOf(response, (error) => requester.explain(error, request)),
    }
  }

  return {
    head,
    async headWithBytes(bucket, key, { maxBytes, ...options }) {
      try {
        const { headers, bytes } = await requester.read({ ...readRequest(bucket, key, options), maxBytes })
        return { ...parseHead(headers), bytes }
      } catch (error) {
        if (isMissing(error)) return undefined
        // Another object has replaced the small one.
        if (isStorageCode(error, 'EntityTooLarge')) return head(bucket, key, options)
        throw error
      }
    },
    get,
    async pour(bucket, key, options) {
      const request = readRequest(bucket, key, options)
      const answer = await requester.pour(request)
      const wrong = answer && wrongRange(options.range, answer)
      if (wrong) {
        await answer.steps.return()
        throw requester.explain(wrong, request)
      }
      if (answer) return { head: parseHead(answer.headers), steps: answer.steps }
      const { head, body } = await get(bucket, key, options)
      return { head, steps: body[Symbol.asyncIterator]() as AsyncIterator<Buffer, void> }
    },
    async readText(bucket, key, options = {}) {
      try {
        const { headers, text } = await requester.read({
          ...readRequest(bucket, key, options),
          maxBytes: options.maxBytes,
        })
        const { etag, versionId } = parseHead(headers)
        return { text, etag, ...(versionId ? { versionId } : {}) }
      } catch (error) {
        if (isMissing(error)) return undefined
        throw error
      }
    },
    put: (bucket, key, body, options) => putObject(writer, headLatest, { bucket, key }, body, options),
    presignPut: (bucket, key, expiresSeconds) =>
      requester.sign({ method: 'PUT', bucket, key }, expiresSeconds),
    putSigned: (url, body, options) => putSigned(requester, headLatest, url, body, options),
    list: (bucket, options) => listObjects(requester, bucket, options),
    async remove(bucket, key, { versionId, signal } = {}) {
      try {
        await requester.read({
          method: 'DELETE',
          bucket,
          key,
          query: versionId === undefined ? undefined : { versionId },
          signal,
        })
      } catch (error) {
        if (!isMissing(error)) throw error
      }
    },
    async check(buckets, signal) {
      await Promise.all(buckets.map((bucket) => requester.read({ method: 'HEAD', bucket, signal })))
    },
    close: () => requester.close(),
  }
}

function readRequest(bucket: string, key: string, options: GetOptions): StoreRequest {
  const { range } = options
  return {
    method: 'GET',
    bucket,
    key,
    query: options.versionId === undefined ? undefined : { versionId: options.versionId },
    headers: {
      'x-amz-checksum-mode': 'ENABLED',
      ...(options.ifMatch === undefined ? {} : { 'if-match': `"${options.ifMatch}"` }),
      ...(range && { range: `bytes=${range.start}-${range.end ?? ''}` }),
    },
    signal: options.signal,
  }
}

/** Detects proxies that answer with other bytes than those requested. */
function wrongRange(
  { start, end }: ByteRange,
  response: Pick<IncomingMessage, 'statusCode' | 'headers'>,
): StorageError | undefined {
  if (response.statusCode !== 206) {
    return new StorageError('the store sent the whole object instead of a range', { code: 'RangeIgnored' })
  }
  const range = response.headers['content-range']
  const [first, last, total] = (/^bytes (\d+)-(\d+)\/(\d+)$/i.exec(range ?? '') ?? []).slice(1).map(Number)
  if (first === start && total !== undefined && last === Math.min(end ?? Infinity, total - 1))
    return undefined
  return new StorageError(`the store sent "${range ?? ''}" instead of bytes ${start}-${end ?? ''}`, {
    code: 'WrongRange',
  })
}

/** Whether there is nothing to read. `MethodNotAllowed` is the answer when a delete marker is requested by its version. */
function isMissing(error: unknown): boolean {
  return isStorageCode(error, 'NoSuchKey', 'NoSuchVersion', 'MethodNotAllowed')
}

/** Undefined (the key is missing) when the bucket answers; its own error when it does not. */
async function isBucketThere(requester: Requester, request: StoreRequest): Promise<undefined> {
  await requester.read({
    method: 'GET',
    bucket: request.bucket,
    query: { location: '' },
    signal: request.signal,
  })
  return undefined
}

/** The answer's body, whose errors are StorageErrors; destroying it closes the connection. */
function bodyOf(response: IncomingMessage, explain: (error: unknown) => StorageError): Readable {
  const body = new PassThrough({ highWaterMark: 256 * 1024 })
  response.once('error', (error) => body.destroy(explain(error)))
  body.once('close', () => response.destroy())
  // A connection lost before anybody reads must not crash the process: a later read gets the error.
  body.on('error', () => undefined)
  return response.pipe(body)
}
