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
   * A file listed in {@link Source.manifest}, read in the same ways as the source itself: `open(manifest.files[0])`.
   *
   * @throws {PermanentError} when the manifest does not list it, or it is no longer stored
   */
  open(file: Pick<ManifestFile, 'key'>): Promise<Source>
}
