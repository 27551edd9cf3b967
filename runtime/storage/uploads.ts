/** Uploads by browsers, which have no account: URLs that are each a right to one call, and uploads in parts. @module */
import type { Credentials } from '../settings/config.ts'
import { isStorageCode, StorageError } from './errors.ts'
import { metaHeaders } from './headers.ts'
import { refusalOf } from './refusal.ts'
import { createRequester } from './request.ts'
import { createSigner } from './sign.ts'
import { parseXml, textOf } from './xml.ts'

interface Target {
  readonly bucket: string
  readonly key: string
}

interface PartedUpload extends Target {
  /** The store's id of the upload. */
  readonly upload: string
}

export interface FinishedPart {
  /** From 1. */
  readonly number: number
  /** As the store answered it, without quotes. */
  readonly etag: string
}

export interface UploadStore {
  /** Where browsers send to, such as `https://s3.example.org`. */
  readonly origin: string
  /** A URL for one PUT of the whole object, with its metadata. */
  putUrl(target: Target, metadata: Readonly<Record<string, string>>, expiresSeconds: number): string
  /** Begins an upload in parts; its id. */
  begin(
    target: Target,
    options: {
      readonly contentType?: string | undefined
      readonly metadata: Readonly<Record<string, string>>
    },
  ): Promise<string>
  /** A URL for the PUT of one part. @param number - from 1 */
  partUrl(of: PartedUpload, number: number, expiresSeconds: number): string
  /** @throws {StorageError} `NoSuchUpload`, `InvalidPart`, `EntityTooSmall` */
  complete(of: PartedUpload, parts: readonly FinishedPart[]): Promise<void>
  /** May be called twice. */
  abort(of: PartedUpload): Promise<void>
  close(): void
}

export interface UploadStoreOptions {
  readonly endpoint: string
  /** The store's address for browsers: a signature holds for one host name only. */
  readonly publicEndpoint: string
  readonly region: string
  /** The uploader's account. */
  readonly credentials: Credentials
}

export function createUploadStore(options: UploadStoreOptions): UploadStore {
  const { publicEndpoint, ...account } = options
  const requester = createRequester(account)
  const signer = createSigner({ ...account, endpoint: publicEndpoint })
  return {
    origin: new URL(publicEndpoint).origin,
    putUrl: (target, metadata, expiresSeconds) =>
      // In the query, which the signature covers: a header could be left out or changed.
      signer.sign({ method: 'PUT', ...target, query: metaHeaders(metadata) }, expiresSeconds),
    async begin({ bucket, key }, { contentType, metadata }) {
      const { text } = await requester.read({
        method: 'POST',
        bucket,
        key,
        query: { uploads: '' },
        signedHeaders: metaHeaders(metadata),
        headers: contentType === undefined ? {} : { 'content-type': contentType },
      })
      return textOf(parseXml(text, 'InitiateMultipartUploadResult'), 'UploadId')
    },
    partUrl: ({ upload, ...target }, number, expiresSeconds) =>
      signer.sign(
        { method: 'PUT', ...target, query: { partNumber: String(number), uploadId: upload } },
        expiresSeconds,
      ),
    async complete({ upload, ...target }, parts) {
      const list = parts
        .map(({ number, etag }) => `<Part><PartNumber>${number}</PartNumber><ETag>"${etag}"</ETag></Part>`)
        .join('')
      const body = { bytes: Buffer.from(`<CompleteMultipartUpload>${list}</CompleteMultipartUpload>`) }
      const { headers, text } = await requester.read({
        method: 'POST',
        ...target,
        query: { uploadId: upload },
        body,
      })
      // The status is sent before the parts are joined, so a failure may come with 200.
      if (text.includes('<Error>')) throw refusalOf({ statusCode: 200, headers }, text)
      parseXml(text, 'CompleteMultipartUploadResult')
    },
    async abort({ upload, ...target }) {
      try {
        await requester.read({ method: 'DELETE', ...target, query: { uploadId: upload } })
      } catch (error) {
        if (!isStorageCode(error, 'NoSuchUpload')) throw error
      }
    },
    close: () => requester.close(),
  }
}

/** The parts do not make the object: sent wrong, or of an upload that has ended. */
export function isWrongUpload(error: unknown): error is StorageError {
  return isStorageCode(
    error,
    'NoSuchUpload',
    'InvalidPart',
    'InvalidPartOrder',
    'EntityTooSmall',
    'MalformedXML',
  )
}
