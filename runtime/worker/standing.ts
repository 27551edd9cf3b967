/**
 * What the store says about a run's source before any work: announcements only hint, the store decides.
 * @module
 */
import type { SourceObject } from '../function.ts'
import { generationOf } from '../intake/notification.ts'
import type { RunPayload } from '../queue/run.ts'
import type { ObjectHead, Storage } from '../storage/storage.ts'
import { sleep } from '../time.ts'

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
  const { bucket, key } = payload
  let head = await storage.head(bucket, key, { signal })
  if (!head) {
    await sleep(SECOND_LOOK_MS, signal)
    head = await storage.head(bucket, key, { signal })
  }
  if (!head) return { kind: 'source-gone' }
  const lastModifiedMs = await exactTimeMs(storage, payload, head, signal)
  const generation = generationOf({ versionId: head.versionId, etag: head.etag, lastModifiedMs })
  if (generation !== payload.generation) return { kind: 'superseded' }
  return {
    kind: 'latest',
    object: {
      bucket,
      key,
      generation,
      ...(head.versionId === undefined ? {} : { versionId: head.versionId }),
      etag: head.etag,
      sizeBytes: head.sizeBytes,
      lastModifiedMs,
      ...(head.contentType === undefined ? {} : { contentType: head.contentType }),
      metadata: head.metadata,
    },
  }
}

/** To the millisecond, as generations and manifests have it. A HEAD knows whole seconds, so a listing is asked if need be. */
async function exactTimeMs(
  storage: Storage,
  payload: RunPayload,
  head: ObjectHead,
  signal: AbortSignal,
): Promise<number> {
  if (head.versionId === payload.generation) return payload.lastModifiedMs
  for await (const listed of storage.list(payload.bucket, { prefix: payload.key, signal })) {
    if (listed.key === payload.key) return listed.lastModifiedMs
  }
  return head.lastModifiedMs
}
