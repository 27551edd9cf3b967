/** What the buckets say of a function's work on an object: its result, or how it ended without one. @module */
import { readCurrent } from './current.ts'
import { placeOf, type ResultPlace, type Writer } from './layout.ts'
import type { Manifest } from './manifest.ts'
import { readVerdict, type Verdict } from './verdict.ts'
import { StorageError } from '../storage/errors.ts'
import type { Storage } from '../storage/storage.ts'

interface NamedObject {
  readonly bucket: string
  readonly key: string
}

export interface Standing {
  readonly place: ResultPlace
  readonly result?: Manifest
  readonly verdict?: Verdict
}

export async function readStanding(
  storage: Storage,
  definition: Writer,
  source: NamedObject,
): Promise<Standing> {
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

/** A place may hold the result of another key where both have one representation, or what somebody else has put there. */
function isAbout({ bucket, key }: NamedObject, { source }: Manifest | Verdict): boolean {
  return source.bucket === bucket && source.key === key
}

/** What the store takes no key for has no result either. */
function nothingUnderSuchKey(error: unknown): undefined {
  if (error instanceof StorageError && error.isImpossibleName) return undefined
  throw error
}
