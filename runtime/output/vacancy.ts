/**
 * Traces of a removed result. In a bucket with versions, a removal by key leaves a delete marker, and the manifest below it names
 * its run; the runtime itself removes by version, which leaves none.
 * @module
 */
import type { Storage } from '../storage/storage.ts'
import type { ResultPlace } from './layout.ts'
import { parseJson } from '../json.ts'
import { parseIdentity } from './manifest.ts'
import { verdictSchema } from './verdict.ts'

export interface Vacancy {
  /**
   * The run of the result hidden by a delete marker, or of a verdict that had ended its run for good: this very run, or
   * another; `unknown` when there is none, or it cannot be read.
   */
  readonly hidden: 'own' | 'other' | 'unknown'
  /** The time of the delete marker, whatever it hides. */
  readonly removedAtMs?: number | undefined
}

/** Undefined when there is a manifest, of any run. */
export async function readVacancy(
  storage: Pick<Storage, 'list' | 'readText'>,
  place: ResultPlace,
  runId: string,
): Promise<Vacancy | undefined> {
  const manifest = await readHidden(storage, place.bucket, place.manifestKey)
  if (manifest === 'visible') return undefined
  const { removedAtMs, text } = manifest ?? {}
  const resultOf = text === undefined ? undefined : parseIdentity(text)?.run
  if (resultOf === runId) return { hidden: 'own', removedAtMs }
  const verdict = await readHidden(storage, place.verdictBucket, place.verdictKey)
  const { removedAtMs: verdictRemovedAtMs, text: verdictText } = verdict === 'visible' ? {} : (verdict ?? {})
  const verdictOf = verdictText === undefined ? undefined : endedForGood(verdictText)
  if (verdictOf === runId) return { hidden: 'own', removedAtMs: verdictRemovedAtMs }
  return { hidden: (resultOf ?? verdictOf) === undefined ? 'unknown' : 'other', removedAtMs }
}

/** The run, when the verdict had ended it for good. */
function endedForGood(text: string): string | undefined {
  const { data } = verdictSchema.safeParse(parseJson(text))
  return data && isForGood(data.state) ? data.run : undefined
}

/** The other states hold only while a newer version exists. */
function isForGood(state: string): boolean {
  return state === 'dead' || state === 'cancelled' || state === 'removed'
}

interface Hidden {
  readonly removedAtMs: number
  /** The newest version below the delete marker; absent when it no longer exists. */
  readonly text?: string | undefined
}

/** Undefined when there is neither an object nor a delete marker. */
async function readHidden(
  storage: Pick<Storage, 'list' | 'readText'>,
  bucket: string,
  key: string,
): Promise<Hidden | 'visible' | undefined> {
  let removedAtMs: number | undefined
  for await (const row of storage.list(bucket, { prefix: key, versions: true, pageSize: 10 })) {
    if (row.key !== key) break
    if (row.isDeleteMarker) {
      removedAtMs ??= row.lastModifiedMs
      continue
    }
    if (removedAtMs === undefined) return 'visible'
    const { versionId } = row
    const found = await storage.readText(bucket, key, { versionId })
    return { removedAtMs, text: found?.text }
  }
  return removedAtMs === undefined ? undefined : { removedAtMs }
}
