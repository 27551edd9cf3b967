/**
 * What the store says about a run's source before any work: announcements only hint, the store decides.
 * @module
 */
import type { SourceObject } from '../../function/source.ts'
import type { RunPayload } from '../../queue/run.ts'
import { compareWithLatest } from '../../storage/latest.ts'
import type { Storage } from '../../storage/storage.ts'
import { sleep } from '../../time.ts'

export type Standing =
  /** `bytes`: all of them, when it is small. */
  | { readonly kind: 'latest'; readonly object: SourceObject; readonly bytes?: Buffer }
  | { readonly kind: 'superseded' }
  | { readonly kind: 'source-gone' }

/** A write may be announced a moment before every read sees it. */
const SECOND_LOOK_MS = 250

/** Of sources up to this size the bytes come with the first answer: one call instead of two. */
const SMALL_BYTES = 64 * 1024

export async function standingOf(
  storage: Storage,
  payload: RunPayload,
  signal: AbortSignal,
): Promise<Standing> {
  const maxBytes = payload.sizeBytes <= SMALL_BYTES ? SMALL_BYTES : undefined
  const look = () => compareWithLatest(storage, payload, signal, maxBytes)
  let found = await look()
  if (found.kind === 'gone') {
    await sleep(SECOND_LOOK_MS, signal)
    found = await look()
  }
  if (found.kind === 'gone') return { kind: 'source-gone' }
  if (found.kind === 'another') return { kind: 'superseded' }
  const { bucket, key, generation, versionId, lastModifiedMs } = payload
  const { etag, sizeBytes, contentType, metadata, bytes } = found.head
  return {
    kind: 'latest',
    ...(bytes && { bytes }),
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
