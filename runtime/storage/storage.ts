/**
 * What the runtime asks of an object store, and nothing more. `client.ts` has it for MinIO.
 * Every call has a timeout, ends early when its signal is aborted, and retries passing faults by itself;
 * what it throws is a StorageError.
 * @module
 */
import type { Readable } from 'node:stream'

export interface ObjectHead {
  /** Without quotes. */
  readonly etag: string
  /** Absent on buckets without versioning. */
  readonly versionId?: string
  readonly sizeBytes: number
  /** Whole seconds: what a HEAD says. A listing knows the milliseconds. */
  readonly lastModifiedMs: number
  readonly contentType?: string
  /** Where the store knows it: of what was written with one, in one piece. */
  readonly sha256Hex?: string
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
}

export interface ReadOptions {
  readonly versionId?: string
  /** Etag without quotes: another version fails with code `PreconditionFailed`. */
  readonly ifMatch?: string
  readonly signal?: AbortSignal
}

export interface ByteRange {
  /** 0-based. */
  readonly start: number
  /** Included. @defaultValue the last byte of the object */
  readonly end?: number
}

export interface GetOptions extends ReadOptions {
  /** One that begins beyond the object's end fails with code `InvalidRange`. @defaultValue the whole object */
  readonly range?: ByteRange
}

/** A body of known length: what is in memory, or a file on disk with the sha256 that it was found to have. */
export type PutBody =
  | { readonly bytes: Uint8Array }
  | { readonly path: string; readonly sizeBytes: number; readonly sha256Hex: string }

export interface PutOptions {
  readonly contentType: string
  /** Etag without quotes of what may be replaced: anything else fails with `PreconditionFailed` (or `NoSuchKey`). */
  readonly ifMatch?: string
  /** Only where there is nothing yet: else `PreconditionFailed`. */
  readonly ifNoneMatch?: '*'
  readonly signal?: AbortSignal
  /** Told of the bytes as they leave. */
  readonly onBytes?: (count: number) => void
}

export interface Poured {
  readonly head: ObjectHead
  readonly steps: AsyncIterator<Buffer, void>
}

export interface ListOptions {
  readonly prefix?: string
  /** All versions and delete markers instead of the latest objects. */
  readonly versions?: boolean
  /** Only keys that come after this one, with all their versions: where an earlier listing stopped. */
  readonly after?: string | undefined
  /** Objects asked for at a time; for who wants only the first few. @defaultValue 1_000 */
  readonly pageSize?: number
  readonly signal?: AbortSignal
}

export interface Storage {
  /** What the latest (or the named) version is; undefined when there is none or it is a delete marker. */
  head(bucket: string, key: string, options?: ReadOptions): Promise<ObjectHead | undefined>
  /** The same together with all its bytes, unless there are more than `maxBytes`. */
  headWithBytes(
    bucket: string,
    key: string,
    options: ReadOptions & { maxBytes: number },
  ): Promise<ObjectWithBytes | undefined>
  /**
   * The bytes as a stream, in steps of some 64 KiB, few of them read ahead. The caller consumes or destroys it, which closes
   * its connection; a loss on the way is the stream's error. `head` is of the whole object, also when a range is read.
   */
  get(bucket: string, key: string, options?: GetOptions): Promise<{ head: ObjectHead; body: Readable }>
  /**
   * The bytes of a range for whoever passes them on: in large steps, each good only until the next one is asked for. Leaving
   * early closes the connection; a loss on the way is thrown by the step that does not come. Else as `get`.
   */
  pour(bucket: string, key: string, options: GetOptions & { range: ByteRange }): Promise<Poured>
  /** A small object whole; undefined when there is none. */
  readText(
    bucket: string,
    key: string,
    options?: ReadOptions & { maxBytes?: number },
  ): Promise<{ text: string; etag: string; versionId?: string } | undefined>
  put(bucket: string, key: string, body: PutBody, options: PutOptions): Promise<{ etag: string }>
  /** A right to write one key until `expiresSeconds` from now, to be used by {@link putSigned}. */
  presignPut(bucket: string, key: string, expiresSeconds: number): Promise<string>
  /** One try with a signed URL, not repeated: the caller knows what a second try would mean. */
  putSigned(url: string, body: PutBody, options: PutOptions): Promise<{ etag: string }>
  /** In the order of the keys; pages are fetched as they are needed. */
  list(bucket: string, options?: ListOptions): AsyncIterable<ListedObject>
  /** No error when there is nothing. */
  remove(bucket: string, key: string, options?: { versionId?: string; signal?: AbortSignal }): Promise<void>
  /** Resolves when the store answers for these buckets. */
  check(buckets: readonly string[], signal?: AbortSignal): Promise<void>
  close(): void
}
