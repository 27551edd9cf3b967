/** What the buckets say of a function's work on an object: its result, or how it ended without one. @module */
import type { FunctionDefinition } from '../function.ts'
import { readCurrent } from '../output/current.ts'
import type { ResultPlace } from '../output/layout.ts'
import type { Manifest } from '../output/manifest.ts'
import { readVerdict, type Verdict } from '../output/verdict.ts'
import { isStorageCode } from '../storage/errors.ts'
import type { Storage } from '../storage/storage.ts'
import { placeOf } from '../worker/attempt/manifest-of.ts'

/** The codes with which MinIO refuses a key that it cannot store. */
export const REFUSED_KEYS = ['XMinioInvalidObjectName', 'KeyTooLongError'] as const

export interface Standing {
  readonly place: ResultPlace
  readonly result?: Manifest
  readonly verdict?: Verdict
}

export async function readStanding(
  storage: Storage,
  definition: FunctionDefinition,
  source: { readonly bucket: string; readonly key: string },
): Promise<Standing> {
  const place = placeOf(definition, source)
  const [current, found] = await Promise.all([
    readCurrent(storage, place).catch(nothingUnderSuchKey),
    readVerdict({ storage, place }).catch(nothingUnderSuchKey),
  ])
  // A place may hold the result of another key where both have one representation, or what somebody else has put there.
  const isOurs = (about: Manifest | Verdict) =>
    about.source.bucket === source.bucket && about.source.key === source.key
  const [result, verdict] = [current?.manifest, found?.verdict]
  return {
    place,
    ...(result && isOurs(result) && { result }),
    ...(verdict && isOurs(verdict) && { verdict }),
  }
}

/** What the store takes no key for has no result either. */
function nothingUnderSuchKey(error: unknown): undefined {
  if (isStorageCode(error, ...REFUSED_KEYS)) return undefined
  throw error
}
