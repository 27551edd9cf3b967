/**
 * The operations that the runtime needs of an object store, and nothing more. `client.ts` implements them for MinIO.
 * Every call has a timeout, ends early when its signal is aborted, retries transient errors by itself, and throws only
 * StorageErrors.
 * @module
 */
import type { Readable } from 'node:stream'

export interface ObjectHead {
  /** Without quotes. */
  readonly etag: string
  /** Absent on buckets without versioning. */
  readonly versionId?: string
  readonly sizeBytes: number
  /** In whole seconds from a HEAD, in milliseconds from a listing. */
  readonly lastModifiedMs: number
  readonly contentType?: string
  /** Known for objects that were written with one, in one piece. */
  readonly sha256Hex?: string
  /** Base64, as the store has it; known for objects that were written with one, in one piece. */
  readonly crc32?: string
  /** User metadata: names in lower case, without `x-amz-meta-`. */
  readonly metadata: Readonly<Record<string, string>>
}

export interface ObjectWithBytes extends ObjectHead {
  /** Absent when there are too many. */
  readonly bytes?: Buffer
}

export interface ListedObject {
  readonly key: string
  readonly etag: string
  readonly versionId?: string
  readonly sizeBytes: number
  readonly lastModifiedMs: number
  readonly isLatest: boolean
  readonly isDeleteMarker: boolean
  /**
   * Names as MinIO writes them: `X-Amz-Meta-Make`, `content-type`. Absent where the listing was not asked for it, or does not
   * say.
   */
  readonly metadata?: Readonly<Record<string, string>>
}

export interface ReadOptions {
  readonly versionId?: string | undefined
  /** Etag without quotes: another version fails with code `PreconditionFailed`. */
  readonly ifMatch?: string | undefined
  readonly signal?: AbortSignal | undefined
}

export interface ByteRange {
  /** 0-based. */
  readonly start: number
  /** Included. @defaultValue the last byte of the object */
  readonly end?: number
}

export interface GetOptions extends ReadOptions {
  /** A range that starts beyond the object's end fails with code `InvalidRange`. @defaultValue the whole object */
  readonly range?: ByteRange
}

/**
 * A body of known length: bytes in memory, or a file on disk. The store checks it against its sha256, or, of a file whose sha256
 * is to be found, against its CRC-32: the sha256 is made of the bytes as they are sent.
 */
export type PutBody =
  | { readonly bytes: Uint8Array }
  | { readonly path: string; readonly sizeBytes: number; readonly sha256Hex?: string }

/** An object version that was written. */
export interface Stored {
  readonly etag: string
  /** Absent on buckets without versioning. */
  readonly versionId?: string
}

export interface Written extends Stored {
  /** Of the bytes that were sent. */
  readonly sha256Hex: string
}

export type Caching = 'immutable' | 'no-cache'

export interface PutOptions {
  readonly contentType: string
  /**
   * How long readers may keep a copy: `immutable` for keys that are never written again; otherwise they ask each time whether it
   * has changed. @defaultValue 'no-cache'
   */
  readonly caching?: Caching | undefined
  /** User metadata: names in lower case, without `x-amz-meta-`; values of printable ASCII. Only for `put`. */
  readonly metadata?: Readonly<Record<string, string>>
  /** Etag, without quotes, of the object that may be replaced: any other fails with `PreconditionFailed` (or `NoSuchKey`). */
  readonly ifMatch?: string | undefined
  /** Writes only a new object; otherwise fails with `PreconditionFailed`. */
  readonly ifNoneMatch?: '*' | undefined
  readonly signal?: AbortSignal | undefined
  /** Called with the number of bytes as they are sent. */
  readonly onBytes?: ((count: number) => void) | undefined
}

export interface Poured {
  readonly head: ObjectHead
  readonly steps: AsyncIterator<Buffer, void>
}

export interface ListOptions {
  readonly prefix?: string | undefined
  /** All versions and delete markers instead of the latest objects. */
  readonly versions?: boolean
  /** Also the metadata of each version, as far as the listing has it. Only together with `versions`. */
  readonly metadata?: boolean | undefined
  /** Lists only keys after this one, with all their versions: to continue an earlier listing. */
  readonly after?: string | undefined
  /** Objects per page; smaller for callers that need only the first few. @defaultValue 1_000 */
  readonly pageSize?: number | undefined
  readonly signal?: AbortSignal | undefined
}

export interface Storage {
  /** Describes the latest (or the named) version; undefined when there is none or it is a delete marker. */
  head(bucket: string, key: string, options?: ReadOptions): Promise<ObjectHead | undefined>
  /** Like `head`, with all its bytes unless there are more than `maxBytes`. */
  headWithBytes(
    bucket: string,
    key: string,
    options: ReadOptions & { maxBytes: number },
  ): Promise<ObjectWithBytes | undefined>
  /**
   * The bytes as a stream, in steps of some 64 KiB, few of them read ahead. The caller consumes the stream or destroys it, which
   * closes the connection; a lost connection is the stream's error. `head` describes the whole object, also for a range.
   */
  get(bucket: string, key: string, options?: GetOptions): Promise<{ head: ObjectHead; body: Readable }>
  /**
   * The bytes of a range, for callers that pass them on: in large steps, each valid only until the next one is requested. Leaving
   * the loop early closes the connection; a lost connection is thrown by the missing step. Otherwise like `get`.
   */
  pour(bucket: string, key: string, options: GetOptions & { range: ByteRange }): Promise<Poured>
  /** A small object whole; undefined when there is none. */
  readText(
    bucket: string,
    key: string,
    options?: ReadOptions & { maxBytes?: number },
  ): Promise<{ text: string; etag: string; versionId?: string } | undefined>
  put(bucket: string, key: string, body: PutBody, options: PutOptions): Promise<Written>
  /** A URL for {@link putSigned} that may write one key until `expiresSeconds` from now. */
  presignPut(bucket: string, key: string, expiresSeconds: number): Promise<string>
  /** A single attempt with a signed URL; whether to retry is the caller's decision. */
  putSigned(url: string, body: PutBody, options: Omit<PutOptions, 'metadata'>): Promise<Written>
  /** In order of the keys; pages are fetched as needed. */
  list(bucket: string, options?: ListOptions): AsyncIterable<ListedObject>
  /** Succeeds also when there is no such object. */
  remove(bucket: string, key: string, options?: Pick<ReadOptions, 'versionId' | 'signal'>): Promise<void>
  /** Resolves when the store answers for these buckets. */
  check(buckets: readonly string[], signal?: AbortSignal): Promise<void>
  close(): void
}
