/** The input of a function, as its handler sees it: one object version, and the ways to read it. @module */
import type { Readable } from 'node:stream'
import type { Manifest, ManifestFile } from '../output/manifest.ts'
import type { ObjectVersion } from '../storage/object-version.ts'

/** The object version that an attempt works on, as the store described it when the attempt began. */
export interface SourceObject extends ObjectVersion {
  readonly contentType?: string
  /** User metadata: names in lower case, without `x-amz-meta-`. */
  readonly metadata: Readonly<Record<string, string>>
}

/** A session of a stream that has ended, as far as a function on its pieces needs it. */
export interface StreamSession {
  readonly name: string
  readonly session: string
  /** In the order of time. */
  readonly pieces: readonly StreamPiece[]
  /** The parts that are missing between them. */
  readonly gaps: readonly {
    /** The key of the piece after it; absent at the end. */
    readonly before?: string | undefined
    readonly seconds: number
    readonly reason: string
  }[]
}

export interface StreamPiece {
  readonly key: string
  /** The number of the connection that it came by: each has a time line of its own. */
  readonly take: number
  readonly startSeconds: number
  readonly seconds: number
  readonly bytes: number
}

/**
 * The input of an attempt. Lost connections, and outages of the store of up to half a minute, go unnoticed: reading resumes at
 * the same byte. Reading fails when the version is removed or replaced, or when the store stays away; the attempt then ends
 * with that outcome, whatever the handler makes of the error.
 */
export interface Source {
  /** The whole object on disk; the path has a fixed name in the scratch folder, whatever the key. Downloaded once. */
  file(): Promise<string>
  /** The bytes as they arrive. Consume or destroy the stream. */
  stream(): Promise<Readable>
  /**
   * Up to `count` bytes from `start`, in large steps from one buffer: a step is valid until the next one is requested. For a pass over a
   * large object at the least cost; leaving the loop ends the reading.
   */
  steps(start: number, count: number): AsyncIterable<Buffer>
  /** Up to `count` bytes from `start`, in memory; fewer where the object ends. Read from the file once that is downloaded. */
  bytes(start: number, count: number): Promise<Buffer>
  /**
   * Input for a tool such as FFmpeg: the path of {@link Source.file} for objects below 64 MiB; for larger ones a URL such as
   * `http://127.0.0.1:40123/<token>` that answers range requests and is valid for this attempt only, so that nothing is copied.
   * While more than four outputs wait to be sent it delivers no bytes, however long that takes: give the tool no read timeout.
   */
  input(): Promise<string>
  /**
   * The source, parsed as a manifest: for a function that is started by another function's `manifest.json`.
   *
   * @throws {PermanentError} when the source is not a manifest that this runtime can read
   */
  manifest(): Promise<Manifest>
  /**
   * The source, parsed as the record of a stream's session: for a function that is started by a `streams/<name>/<session>/join.json`.
   *
   * @throws {PermanentError} when the source is not a record that this runtime can read
   */
  session(): Promise<StreamSession>
  /**
   * A file listed in {@link Source.manifest} or a piece of {@link Source.session}, read in the same ways as the source itself:
   * `open(manifest.files[0])`.
   *
   * @throws {PermanentError} when it is not listed, or is no longer stored
   */
  open(file: Pick<ManifestFile, 'key'>): Promise<Source>
}
