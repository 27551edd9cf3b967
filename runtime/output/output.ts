/** The output of a handler. Its files go to the attempt's own folder; nothing is visible before the commit. @module */

/** Any JSON value. */
export type JsonValue =
  string | number | boolean | null | readonly JsonValue[] | { readonly [name: string]: JsonValue | undefined }

/** The position of a chunk on the source's time line, in seconds. */
export interface ChunkTimes {
  /** 0-based. */
  readonly index: number
  readonly startSeconds: number
  /** Absent when the chunk was requested by size. */
  readonly requestedSeconds?: number
  /** The actual duration of the chunk. */
  readonly durationSeconds: number
  /** The end on the time line, when that is not the sum of start and duration. */
  readonly endSeconds?: number
  /** Whether all its pictures can be shown without the chunk before. */
  readonly independent?: boolean
}

/** The contents of a playlist, a rendition or a picture, for readers that choose between them. */
export interface MediaFacts {
  /** Such as `video`, `audio`, `subtitles`. */
  readonly track?: string
  /** As in RFC 6381: `avc1.64001f,mp4a.40.2`. */
  readonly codecs?: string
  /** In pixels. */
  readonly width?: number
  readonly height?: number
  readonly framesPerSecond?: number
  /** The highest rate, in bits a second. */
  readonly bandwidth?: number
  readonly averageBandwidth?: number
  /** As in BCP 47: `en`. */
  readonly language?: string
  readonly channels?: number
}

/** One result: a finished file in the scratch folder. */
export interface OutputFile {
  /** The finished file on disk, which is hashed and sent unchanged. */
  readonly path: string
  /** Its name below the attempt's folder, such as `chunk-00001.mp4`. Segments must not start with `~`. */
  readonly name: string
  /** The purpose of the file for readers of the manifest, such as `chunk`, `probe`, `poster`. */
  readonly role: string
  readonly contentType: string
  readonly chunk?: ChunkTimes
  /** The group of a segment, such as `720p`: indexes count within it. */
  readonly group?: string
  readonly media?: MediaFacts
  /** A stable name beside the manifest under which the newest committed result shows this file, such as `probe.json`. */
  readonly pointer?: string
}

/** Facts about the result for the manifest; later calls add to and replace earlier ones, warnings add up. */
export interface OutputFacts {
  readonly probe?: JsonValue
  readonly totals?: Readonly<Record<string, number>>
  readonly warnings?: readonly string[]
  /** The tools that made it, such as `{ ffmpeg: '5.1.9' }`. */
  readonly tools?: Readonly<Record<string, string>>
}

export interface Output {
  /**
   * The folder of this attempt's files as seen from beside the manifest, such as `~01KB…/`: a file with a pointer that names other
   * files, as a playlist does, names them by it.
   */
  readonly folder: string
  /**
   * Sends a file and deletes it from disk. Up to four are sent at a time; a further call waits for its turn.
   * Without `await` a failure is not lost: the commit fails with it.
   */
  upload(file: OutputFile): Promise<void>
  /** Sends a value as JSON. */
  json(value: JsonValue, file: Omit<OutputFile, 'path' | 'contentType'>): Promise<void>
  describe(facts: OutputFacts): void
  /** Number of files passed and not yet sent: a handler that makes files faster than they are sent should wait. */
  readonly waiting: number
}
