/**
 * Writes the playlist of a live session: one write at a time, each on the condition that nobody else wrote meanwhile, and followed by
 * the removal of the version that it replaced (MinIO keeps all versions of a small object in one file, which each write copies).
 * @module
 */
import { messageOf } from '../../errors.ts'
import { isStorageCode } from '../../storage/errors.ts'
import { RESULT_BUCKET } from '../../storage/names.ts'
import type { Storage, Stored } from '../../storage/storage.ts'
import { contentTypeOf } from '../../content-types.ts'
import type { Logger } from '../../telemetry/logger.ts'
import { sleep } from '../../time.ts'
import { playlistKey, type SessionOf } from '../names.ts'
import { baseAfter, baseFor, FIRST_BASE, livePlaylist, playable, type PlaylistBase } from './playlist.ts'
import type { Entry } from './timeline.ts'

const RETRY_MS = 1_000
/** Versions whose removal is tried again. */
const MOST_REPLACED = 20

export interface PlaylistWriter {
  /** Writes the newest state soon; calls while a write is under way lead to one more. */
  publish(): void
  /** Resolves when nothing is being written or due. */
  idle(): Promise<void>
  /** Resolves when nothing is being written; nothing is written afterwards. */
  stop(): Promise<void>
}

export interface PlaylistWriterOptions {
  readonly storage: Storage
  readonly of: SessionOf
  readonly windowSeconds: number
  readonly pieceSeconds: number
  /** The pieces that may be named: acknowledged, and none before them is on its way. */
  readonly entries: () => readonly Entry[]
  /** For how long this process certainly owns the session; 0 when it may not write. */
  readonly mayWriteForMs: () => number
  /** Called when somebody else has written it: asks who owns the session. */
  readonly confirm: () => Promise<void>
  readonly log: Logger
}

export function createPlaylistWriter(options: PlaylistWriterOptions): PlaylistWriter {
  const { storage, of, windowSeconds, entries, mayWriteForMs, log } = options
  const key = playlistKey(of)
  const stopped = new AbortController()
  let base: PlaylistBase = { ...FIRST_BASE, targetSeconds: options.pieceSeconds }
  /** The version that the next write replaces; `unknown` until it was read. */
  let current: Stored | 'none' | 'unknown' = 'unknown'
  let replaced: string[] = []
  let isWarned = false
  /** The version that a write was to replace which had no answer. */
  let doubtful: string | undefined
  let isDue = false
  let writing: Promise<void> | undefined
  let lastText = ''

  async function read(shown: readonly Entry[]): Promise<Stored | 'none'> {
    const found = await storage.readText(RESULT_BUCKET, key)
    if (!found) return 'none'
    // A write of ours whose answer was lost.
    if (doubtful !== undefined && doubtful !== found.versionId) replaced.push(doubtful)
    doubtful = undefined
    const before = baseAfter(of, shown, found.text)
    base = { ...before, targetSeconds: Math.max(before.targetSeconds, base.targetSeconds) }
    return { etag: found.etag, ...(found.versionId !== undefined && { versionId: found.versionId }) }
  }

  async function write(): Promise<void> {
    const shown = playable(entries())
    if (shown.length === 0) return
    if (current === 'unknown') current = await read(shown)
    base = baseFor(shown, base)
    const text = livePlaylist(of, shown, base, windowSeconds)
    const leftMs = Math.floor(mayWriteForMs())
    if (text === lastText || leftMs <= 0 || stopped.signal.aborted) return
    const old: Stored | 'none' = current
    // Until its answer is here, nobody knows whether it was written.
    current = 'unknown'
    doubtful = old === 'none' ? undefined : old.versionId
    const stored = await storage.put(
      RESULT_BUCKET,
      key,
      { bytes: Buffer.from(text) },
      {
        contentType: contentTypeOf(key),
        ...(old === 'none' ? { ifNoneMatch: '*' as const } : { ifMatch: old.etag }),
        signal: AbortSignal.timeout(leftMs),
      },
    )
    current = stored
    lastText = text
    if (doubtful !== undefined && doubtful !== stored.versionId) replaced.push(doubtful)
    doubtful = undefined
    await removeReplaced()
  }

  /** A removal that failed is tried again after the next write; the end of the session removes what is left. */
  async function removeReplaced(): Promise<void> {
    replaced = replaced.slice(-MOST_REPLACED)
    try {
      for (let versionId = replaced[0]; versionId !== undefined; versionId = replaced[0]) {
        await storage.remove(RESULT_BUCKET, key, { versionId })
        replaced.shift()
      }
    } catch (error) {
      if (!isWarned)
        log.warn({ error: messageOf(error) }, 'replaced playlists cannot be removed; trying again')
      isWarned = true
    }
  }

  async function writeWhileDue(): Promise<void> {
    while (isDue && !stopped.signal.aborted) {
      isDue = false
      try {
        await write()
      } catch (error) {
        isDue = true
        if (isStorageCode(error, 'PreconditionFailed', 'NoSuchKey')) await options.confirm()
        else log.warn({ error: messageOf(error) }, 'the playlist could not be written; retrying')
        await sleep(RETRY_MS, stopped.signal)
      }
    }
  }

  const publish = () => {
    isDue = true
    if (writing || stopped.signal.aborted) return
    writing = writeWhileDue().finally(() => {
      writing = undefined
      if (isDue) publish()
    })
  }

  return {
    publish,
    async idle() {
      while (writing) await writing
    },
    async stop() {
      stopped.abort()
      await writing
    },
  }
}
