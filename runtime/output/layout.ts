/**
 * The keys of a source object's results. Pure; the only file that spells output keys.
 *
 *     <source>/<function>/manifest.json          the newest complete result
 *     <source>/<function>/~<attempt>/<name>      the files of one attempt
 *     <source>/<function>/<pointer>              a stable name for a file of the newest result
 *     <source>/<function>.verdict.json           in `metadata`: the end of a run without a result
 *     ~sluice/<function>.json                    in `metadata`: its watermark
 *     ~sluice/<function>.limits.json             in `metadata`: its limits
 *     ~sluice/asks/<job>/<part>.json             in `metadata`: a request whose runs have not ended
 *     ~sluice/streams/<name>.json                in `metadata`: the keys of a stream, and its wanted pull
 * @module
 */
import { createHash } from 'node:crypto'
import { PermanentError } from '../errors.ts'
import {
  impossibleKey,
  KEY_MAX_BYTES,
  METADATA_BUCKET,
  RESULT_BUCKET,
  SEGMENT_MAX_BYTES,
  TEMPORARY_BUCKET,
} from '../storage/names.ts'

const MANIFEST = 'manifest.json'
/** In `metadata`: the runtime's own objects. */
export const OWN_FOLDER = '~sluice/'
export const VERDICT = '.verdict.json'
/** The standard buckets of results: most of their keys are the runtime's own, and functions may be chained to them. */
const RESULT_BUCKETS: readonly string[] = [RESULT_BUCKET, METADATA_BUCKET, TEMPORARY_BUCKET]

/** A longer source key would leave too little room for function, attempt and name. */
const SOURCE_MAX_BYTES = 850

export interface ResultOf {
  readonly sourceBucket: string
  readonly sourceKey: string
  readonly functionName: string
  readonly outputBucket: string
}

export interface ResultPlace {
  /** The bucket of manifest, files and pointers. */
  readonly bucket: string
  /** Ends with a slash. */
  readonly folder: string
  readonly manifestKey: string
  readonly verdictBucket: string
  readonly verdictKey: string
}

export function resultPlace(of: ResultOf): ResultPlace {
  const shown = representation(of, of.outputBucket)
  const isShownInBoth = (of.outputBucket === of.sourceBucket) === (METADATA_BUCKET === of.sourceBucket)
  const folder = `${shown}/${of.functionName}/`
  return {
    bucket: of.outputBucket,
    folder,
    manifestKey: manifestKeyIn(folder),
    verdictBucket: METADATA_BUCKET,
    verdictKey: `${isShownInBoth ? shown : representation(of, METADATA_BUCKET)}/${of.functionName}${VERDICT}`,
  }
}

export function watermarkKey(functionName: string): string {
  return `${OWN_FOLDER}${functionName}.json`
}

export function limitsKey(functionName: string): string {
  return `${OWN_FOLDER}${functionName}.limits.json`
}

/** Ends with a slash. */
export const STREAM_RECORDS = `${OWN_FOLDER}streams/`
/** A tilde cannot start the name of a stream. */
const ANY = '~any'

/** @param name - of a stream, or `*` for the keys of all */
export function streamRecordKey(name: string): string {
  return `${STREAM_RECORDS}${name === '*' ? ANY : name}.json`
}

/** The name of which {@link streamRecordKey} makes this key. */
export function streamOfRecordKey(key: string): string {
  const name = key.slice(STREAM_RECORDS.length).replace(/\.json$/, '')
  return name === ANY ? '*' : name
}

/** The part of a function that determines the place of its results. */
export interface Writer {
  readonly name: string
  readonly outputBucket: string
}

export function placeOf(
  { name, outputBucket }: Writer,
  source: { readonly bucket: string; readonly key: string },
): ResultPlace {
  const { bucket: sourceBucket, key: sourceKey } = source
  return resultPlace({ sourceBucket, sourceKey, functionName: name, outputBucket })
}

/**
 * The key of the source whose result's manifest has this key; undefined when it is another function's, or when only the
 * sha256 of the source's key is in it.
 */
export function sourceKeyOf(
  writer: Writer & { readonly bucket: string },
  { bucket, key: manifestKey }: { readonly bucket: string; readonly key: string },
): string | undefined {
  const end = `/${writer.name}/manifest.json`
  if (bucket !== writer.outputBucket || !manifestKey.endsWith(end)) return undefined
  const shown = manifestKey.slice(0, -end.length)
  const key = writer.bucket === bucket ? shown.replace(/@$/, '') : shown
  return placeOf(writer, { bucket: writer.bucket, key }).manifestKey === manifestKey ? key : undefined
}

/** The folder of one attempt's files, ending with a slash. */
export function attemptFolder(place: Pick<ResultPlace, 'folder'>, attempt: string): string {
  return `${place.folder}~${attempt}/`
}

const ULID = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/

/** An attempt's folder, read from a key within it. */
export interface AttemptOfKey {
  /** The place's folder, ending with a slash. */
  readonly folder: string
  readonly functionName: string
  readonly attempt: string
}

/** The attempt whose file this key may be; undefined when there is none. The first part that starts with `~` decides. */
export function attemptOfKey(key: string): AttemptOfKey | undefined {
  const segments = key.split('/')
  const at = segments.findIndex((segment) => segment.startsWith('~'))
  const attempt = segments[at]?.slice(1) ?? ''
  // A source key, a function, an attempt and a name.
  if (at < 2 || at === segments.length - 1 || !ULID.test(attempt)) return undefined
  const folder = `${segments.slice(0, at).join('/')}/`
  return { folder, functionName: segments[at - 1] as string, attempt }
}

/** The manifest of the place with this folder. */
export function manifestKeyIn(folder: string): string {
  return `${folder}${MANIFEST}`
}

/**
 * The source key as the first part of output keys: the key itself, or `@<its sha256>` where the key would be too long,
 * could be confused with ours, could not be a folder, or would lie below a result. The manifest has the real one.
 *
 * @remarks MinIO's listings omit objects below another object's key. A result in its source's own bucket would be such an
 * object, so its folder gets a name of its own: the key and `@`.
 */
function representation(of: ResultOf, bucket: string): string {
  const key = of.sourceKey
  const own = bucket === of.sourceBucket ? `${key}@` : key
  const isUnfit =
    Buffer.byteLength(key) > SOURCE_MAX_BYTES ||
    key.endsWith('/') ||
    impossibleKey(own) !== undefined ||
    refusal(key) !== undefined ||
    isBelowResult(of, own)
  return isUnfit ? `@${createHash('sha256').update(key).digest('hex')}` : own
}

/**
 * Whether the key's folder could lie below an object that the runtime writes for another source: a manifest, a verdict, or a
 * pointer of the same function. MinIO would list nothing in it.
 */
function isBelowResult({ sourceBucket, functionName }: ResultOf, folder: string): boolean {
  const segments = folder.split('/')
  // A result that is itself a source is not a folder of the same bucket, and no other bucket has such a folder.
  if (RESULT_BUCKETS.includes(sourceBucket)) segments.pop()
  return segments.some((segment, at) => {
    const [source = '', name] = [segments[at - 2], segments[at - 1]]
    if (at >= 1 && segment.endsWith(VERDICT)) return true
    if (at >= 2 && segment === MANIFEST) return true
    // Users' folders may have the name of a function; a parent named like a file is rare.
    return at >= 2 && name === functionName && source.includes('.')
  })
}

/** Whether a part of a key starts with `~`: such names are reserved for the runtime. */
export function hasReservedSegment(key: string): boolean {
  return key.startsWith('~') || key.includes('/~')
}

/** The reason why a source key is refused; undefined when it is not. Its verdict, under the key's sha256, has the reason. */
export function refusal(key: string): string | undefined {
  if (hasReservedSegment(key)) {
    return 'a part of its key starts with "~": such names are reserved for the runtime; upload it under another name'
  }
  if (/^@[0-9a-f]{64}(\/|$)/.test(key)) {
    return 'its key starts with "@" and 64 hex digits: such names represent long keys in results; upload it under another name'
  }
  return undefined
}

/**
 * The key of an attempt's file.
 *
 * @throws {PermanentError} when the function gave it a name that it may not have
 */
export function fileKey(place: ResultPlace, attempt: string, name: string): string {
  return checkedKey(attemptFolder(place, attempt), name, 'file name')
}

/**
 * The key of a pointer: one segment beside the manifest.
 *
 * @throws {PermanentError} when the function gave it a name that it may not have
 */
export function pointerKey(place: ResultPlace, name: string): string {
  if (name.includes('/') || name === MANIFEST) {
    throw new PermanentError(
      `pointer ${JSON.stringify(name)}: a pointer is a single name beside manifest.json, such as "poster.jpg"`,
    )
  }
  return checkedKey(place.folder, name, 'pointer')
}

function checkedKey(folder: string, name: string, what: string): string {
  const wrong = wrongName(name) ?? wrongLength(folder + name)
  if (wrong) throw new PermanentError(`${what} ${JSON.stringify(name)}: ${wrong}`)
  return folder + name
}

function wrongName(name: string): string | undefined {
  if (!name.isWellFormed()) return 'it is not valid Unicode'
  for (const segment of name.split('/')) {
    if (segment === '') return 'it is empty, or has a slash at the start, at the end or beside another one'
    if (segment === '.' || segment === '..') return 'it has a "." or ".." as a part'
    if (segment.startsWith('~')) return 'a part of it starts with "~", which is reserved for the runtime'
    if (Buffer.byteLength(segment) > SEGMENT_MAX_BYTES) {
      return `a part of it is longer than ${SEGMENT_MAX_BYTES} bytes`
    }
  }
  return undefined
}

function wrongLength(key: string): string | undefined {
  const bytes = Buffer.byteLength(key)
  return bytes > KEY_MAX_BYTES
    ? `together with the source's key it makes a key of ${bytes} bytes; the store allows ${KEY_MAX_BYTES}`
    : undefined
}
