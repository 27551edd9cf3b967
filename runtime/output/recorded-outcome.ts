/** The outcome of a function for an object, as recorded in the buckets: its result, or the verdict of a run without one. @module */
import { type Manifest, readCurrent } from './manifest.ts'
import { placeOf, type ResultPlace, type Writer } from './layout.ts'
import { readVerdict, type Verdict } from './verdict.ts'
import { StorageError } from '../storage/errors.ts'
import type { Storage } from '../storage/storage.ts'

interface NamedObject {
  readonly bucket: string
  readonly key: string
}

export interface RecordedOutcome {
  readonly place: ResultPlace
  readonly result?: Manifest
  readonly verdict?: Verdict
}

export async function readRecordedOutcome(
  storage: Storage,
  definition: Writer,
  source: NamedObject,
): Promise<RecordedOutcome> {
  const place = placeOf(definition, source)
  const [result, found] = await Promise.all([
    readResult(storage, definition, source),
    readVerdict({ storage, place }).catch(nothingUnderSuchKey),
  ])
  const verdict = found?.verdict
  return { place, ...(result && { result }), ...(verdict && isAbout(source, verdict) && { verdict }) }
}

export async function readResult(
  storage: Storage,
  definition: Writer,
  source: NamedObject,
): Promise<Manifest | undefined> {
  const current = await readCurrent(storage, placeOf(definition, source)).catch(nothingUnderSuchKey)
  const result = current?.manifest
  return result && isAbout(source, result) ? result : undefined
}

/** A place may hold the result of another key with the same representation, or an object written by somebody else. */
function isAbout({ bucket, key }: NamedObject, { source }: Manifest | Verdict): boolean {
  return source.bucket === bucket && source.key === key
}

/** A key that the store does not accept has no result either. */
function nothingUnderSuchKey(error: unknown): undefined {
  if (error instanceof StorageError && error.isImpossibleName) return undefined
  throw error
}
