/** What a handler writes with. Its files go to the attempt's own folder; nothing of it is visible before the commit. @module */

/** Any JSON value. */
export type JsonValue =
  string | number | boolean | null | readonly JsonValue[] | { readonly [name: string]: JsonValue | undefined }

/** Where a chunk lies on the source's time line, in seconds. */
export interface ChunkTimes {
  /** 0-based. */
  readonly index: number
  readonly startSeconds: number
  /** Absent when it was asked for by its size. */
  readonly requestedSeconds?: number
  /** What the chunk really lasts. */
  readonly durationSeconds: number
  /** Where it ends on the time line, when that is not start and duration added up. */
  readonly endSeconds?: number
  /** Of pictures: whether they can all be shown without the chunk before. */
  readonly independent?: boolean
}

/** One result: a finished file in the scratch folder. */
export interface OutputFile {
  /** The file on disk. It is final: it is hashed and sent as it is. */
  readonly path: string
  /** Its name below the attempt's folder, such as `chunk-00001.mp4`. Segments must not begin with `~`. */
  readonly name: string
  /** What it is to readers of the manifest, such as `chunk`, `probe`, `poster`. */
  readonly role: string
  readonly contentType: string
  readonly chunk?: ChunkTimes
  /** A stable name beside the manifest under which the newest committed result shows this file, such as `probe.json`. */
  readonly pointer?: string
}

/** Facts about the result for the manifest; later calls add to and replace earlier ones, warnings add up. */
export interface OutputFacts {
  readonly probe?: JsonValue
  readonly totals?: Readonly<Record<string, number>>
  readonly warnings?: readonly string[]
  /** What made it, such as `{ ffmpeg: '5.1.9' }`. */
  readonly tools?: Readonly<Record<string, string>>
}

export interface Output {
  /**
   * Sends a file and deletes it from disk. Up to four are sent at a time; a further call waits for its turn.
   * Without `await` a failure is not lost: the commit fails with it.
   */
  upload(file: OutputFile): Promise<void>
  /** Sends a value as JSON. */
  json(value: JsonValue, file: Omit<OutputFile, 'path' | 'contentType'>): Promise<void>
  describe(facts: OutputFacts): void
  /** Files handed over and not yet sent: whoever makes files faster than this shrinks should wait. */
  readonly waiting: number
}
