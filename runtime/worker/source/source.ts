/** A handler's input: exactly the version of its run, never "the latest", and the files it names when it is a manifest. @module */
import { PermanentError } from '../../errors.ts'
import type { SourceObject } from '../../function/source.ts'
import { parseManifest, type ManifestFile } from '../../output/manifest.ts'
import { parseSessionRecord } from '../../reception/session/session-record.ts'
import { openSource, type AttemptSource, type OpenSource, type SourceParts } from './object.ts'

/** Creates the reader on the first read: it is the most expensive part of an attempt, and many do without. */
export function createSource(parts: SourceParts): AttemptSource {
  let opened: OpenSource | undefined
  let named: NamedFiles | undefined
  let isClosed = false
  function results(): NamedFiles {
    named ??= createNamedFiles(parts, (start, count) => source().bytes(start, count))
    return named
  }
  function source(): OpenSource {
    if (!opened) {
      opened = openSource(parts)
      if (isClosed) opened.close()
    }
    return opened
  }
  return {
    file: () => source().file(),
    stream: () => source().stream(),
    steps: (start, count) => source().steps(start, count),
    bytes: (start, count) => source().bytes(start, count),
    input: () => source().input(),
    manifest: () => results().manifest(),
    session: () => results().session(),
    open: (file) => results().open(file),
    get failure() {
      return opened?.failure ?? named?.failure
    },
    get unseenFailure() {
      return opened?.unseenFailure ?? named?.unseenFailure
    },
    close() {
      isClosed = true
      opened?.close()
      named?.close()
    },
  }
}

/** A larger object is neither a manifest nor a record: a file's entry takes some 400 bytes, and a piece's 290. */
const RECORD_MAX_BYTES = 64 * 1024 * 1024

interface NamedFiles extends Pick<AttemptSource, 'manifest' | 'session' | 'open' | 'close'> {
  /** The error of a file that could not be read. */
  readonly failure: Error | undefined
  readonly unseenFailure: Error | undefined
}

/** @param bytes - reads the manifest, or the record of a stream's session */
function createNamedFiles(parts: SourceParts, bytes: AttemptSource['bytes']): NamedFiles {
  const { bucket, key, sizeBytes } = parts.object
  const sources: AttemptSource[] = []
  let isClosed = false
  let text: Promise<string | undefined> | undefined
  let keys: Promise<ReadonlySet<string>> | undefined

  async function read<T>(what: string, parse: (text: string) => T | undefined): Promise<T> {
    // Undefined when it is too large to be one.
    text ??= sizeBytes > RECORD_MAX_BYTES ? Promise.resolve(undefined) : bytes(0, sizeBytes).then(String)
    const given = await text
    const found = given === undefined ? undefined : parse(given)
    if (found !== undefined) return found
    throw new PermanentError(`${bucket}/${key} is not ${what} of a schema version that this runtime knows`)
  }
  const manifest = () => read('a manifest', parseManifest)
  const session = () => read("a record of a stream's session", parseSessionRecord)
  const listed = async (): Promise<ReadonlySet<string>> => {
    const files = await read<readonly { readonly key: string }[]>(
      'a manifest',
      (given) => parseManifest(given)?.files ?? parseSessionRecord(given)?.pieces,
    )
    return new Set(files.map((each) => each.key))
  }

  async function open(file: Pick<ManifestFile, 'key'>): Promise<AttemptSource> {
    keys ??= listed()
    if (!(await keys).has(file.key)) {
      throw new PermanentError(`${bucket}/${key} does not list ${JSON.stringify(file.key)}`)
    }
    const object = await describe(file.key)
    const { content: _, ...others } = parts
    const source = createSource({ ...others, object, fileName: `source-${sources.length + 1}` })
    sources.push(source)
    if (isClosed) source.close()
    return source
  }

  async function describe(fileKey: string): Promise<SourceObject> {
    const head = await parts.storage.head(bucket, fileKey, { signal: parts.signal })
    if (!head) throw new PermanentError(`${bucket}/${fileKey}, which its manifest lists, is no longer stored`)
    return { ...head, bucket, key: fileKey, generation: head.versionId ?? head.etag }
  }

  return {
    manifest,
    session,
    open,
    get failure() {
      return sources.find(({ failure }) => failure)?.failure
    },
    get unseenFailure() {
      return sources.find(({ unseenFailure }) => unseenFailure)?.unseenFailure
    },
    close() {
      isClosed = true
      for (const source of sources) source.close()
    },
  }
}
