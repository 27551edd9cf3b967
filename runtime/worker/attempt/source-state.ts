/**
 * The state of a run's source before any work, asked of the store: an announcement is only a hint.
 * @module
 */
import type { SourceObject } from '../../function/source.ts'
import type { RunPayload } from '../../queue/run.ts'
import { compareWithLatest } from '../../storage/latest.ts'
import { versionOf } from '../../storage/object-version.ts'
import type { Storage } from '../../storage/storage.ts'
import { sleep } from '../../time.ts'

export type SourceState =
  /** `bytes`: all of them, of a small object. */
  | { readonly kind: 'latest'; readonly object: SourceObject; readonly bytes?: Buffer }
  | { readonly kind: 'superseded' }
  | { readonly kind: 'source-gone' }

/** A write may be announced a moment before all reads see it. */
const SECOND_LOOK_MS = 250

/** The bytes of sources up to this size come with the first answer: one call instead of two. */
const SMALL_BYTES = 64 * 1024

export async function sourceStateOf(
  storage: Storage,
  payload: RunPayload,
  signal: AbortSignal,
): Promise<SourceState> {
  const maxBytes = payload.sizeBytes <= SMALL_BYTES ? SMALL_BYTES : undefined
  const look = () => compareWithLatest(storage, payload, signal, maxBytes)
  let found = await look()
  if (found.kind === 'gone') {
    await sleep(SECOND_LOOK_MS, signal)
    found = await look()
  }
  if (found.kind === 'gone') return { kind: 'source-gone' }
  if (found.kind === 'another') return { kind: 'superseded' }
  const { etag, sizeBytes, contentType, metadata, bytes } = found.head
  return {
    kind: 'latest',
    ...(bytes && { bytes }),
    object: {
      ...versionOf({ ...payload, etag, sizeBytes }),
      ...(contentType === undefined ? {} : { contentType }),
      metadata,
    },
  }
}
