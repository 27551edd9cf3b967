/** Sending the files of one attempt: a few at a time, in order. @module */
import { createLimiter, type Limiter } from '../limiter.ts'
import type { ManifestFile } from './manifest.ts'

const UPLOADS_AT_A_TIME = 4

/** The state of sending. Created with the first file, since many attempts have none. */
export interface Sending {
  readonly uploads: Limiter
  /** Ends with the attempt, or when the output is abandoned. */
  readonly signal: AbortSignal
  readonly abandoned: AbortController
  /** All is sent: the attempt's signal is listened to no more. */
  readonly letGo: () => void
  /** Keys that are taken. */
  readonly keys: Set<string>
  readonly files: ManifestFile[]
  readonly pointers: Record<string, string>
  readonly pending: Set<Promise<void>>
  /** Called whenever fewer files are waiting. */
  readonly onFewer: Set<() => void>
}

export const NO_FILES: Pick<Sending, 'files' | 'pointers'> = { files: [], pointers: {} }

export function beginSending(signal: AbortSignal | undefined): Sending {
  const abandoned = new AbortController()
  // One listener that is taken away again: AbortSignal.any costs twice as much CPU, and leaves work to the collector.
  const follow = () => abandoned.abort(signal?.reason)
  if (signal?.aborted) follow()
  else signal?.addEventListener('abort', follow, { once: true })
  return {
    uploads: createLimiter(UPLOADS_AT_A_TIME),
    signal: abandoned.signal,
    abandoned,
    letGo: () => signal?.removeEventListener('abort', follow),
    keys: new Set(),
    files: [],
    pointers: {},
    pending: new Set(),
    onFewer: new Set(),
  }
}
