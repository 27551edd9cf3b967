/**
 * What the store says about a run's source before any work: announcements only hint, the store decides.
 * @module
 */
import type { SourceObject } from '../../function.ts'
import type { RunPayload } from '../../queue/run.ts'
import { compareWithLatest } from '../../storage/latest.ts'
import type { Storage } from '../../storage/storage.ts'
import { sleep } from '../../time.ts'

export type Standing =
  | { readonly kind: 'latest'; readonly object: SourceObject }
  | { readonly kind: 'superseded' }
  | { readonly kind: 'source-gone' }

/** A write may be announced a moment before every read sees it. */
const SECOND_LOOK_MS = 250

export async function standingOf(
  storage: Storage,
  payload: RunPayload,
  signal: AbortSignal,
): Promise<Standing> {
  let found = await compareWithLatest(storage, payload, signal)
  if (found.kind === 'gone') {
    await sleep(SECOND_LOOK_MS, signal)
    found = await compareWithLatest(storage, payload, signal)
  }
  if (found.kind === 'gone') return { kind: 'source-gone' }
  if (found.kind === 'another') return { kind: 'superseded' }
  const { bucket, key, generation, versionId, lastModifiedMs } = payload
  const { etag, sizeBytes, contentType, metadata } = found.head
  return {
    kind: 'latest',
    object: {
      bucket,
      key,
      generation,
      ...(versionId === undefined ? {} : { versionId }),
      etag,
      sizeBytes,
      lastModifiedMs,
      ...(contentType === undefined ? {} : { contentType }),
      metadata,
    },
  }
}
