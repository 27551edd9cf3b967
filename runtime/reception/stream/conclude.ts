/**
 * The end of a session in the bucket: its whole playlist, then its record. Everything is read again from the bucket, and both are written
 * by compare-and-swap, so several receivers may do this for one session, one after the other or at once: the last one has it all.
 * @module
 */
import { contentTypeOf } from '../../content-types.ts'
import { messageOf } from '../../errors.ts'
import { INCOMING_BUCKET, RESULT_BUCKET } from '../../storage/names.ts'
import type { Storage } from '../../storage/storage.ts'
import { inRounds, putIfUnchanged } from '../../storage/swap.ts'
import type { Logger } from '../../telemetry/logger.ts'
import { joinKey, playlistKey, recordKey, type SessionOf } from '../names.ts'
import { lossesWithout, mergedLosses, type Loss, type Piece } from '../piece.ts'
import { endedPlaylist, playable } from '../playlist/playlist.ts'
import { piecesInBucket } from '../session/rebuild.ts'
import {
  mergedTakes,
  parseSessionRecord,
  sessionRecord,
  type SessionEnd,
  type SessionRecord,
  type TakeRecord,
} from '../session/session-record.ts'
import { timelineOf } from '../playlist/timeline.ts'

export interface Conclusion {
  readonly of: SessionOf
  readonly why: SessionEnd
  readonly startedAtMs: number
  readonly endedAtMs: number
  readonly ffmpeg: string
  readonly takes: readonly TakeRecord[]
  readonly losses: readonly Loss[]
  /** The kind of file that its pieces become. */
  readonly join?: 'mp4' | 'ts' | undefined
  /** Pieces that need not be asked for. */
  readonly known: readonly Piece[]
}

/** The record; undefined when there is nothing to record, and nothing was written. */
export function concludeSession(
  storage: Storage,
  facts: Conclusion,
  log: Logger,
): Promise<SessionRecord | undefined> {
  return inRounds(`the session ${facts.of.session} of stream "${facts.of.name}"`, async () => {
    const done = await concludeOnce(storage, facts, log)
    return done === 'changed' ? undefined : { record: done }
  }).then(({ record }) => record)
}

/** An upload like any other: each record that differs from the one before starts the function again. */
async function askForJoin(storage: Storage, of: SessionOf, text: string, kind: 'mp4' | 'ts'): Promise<void> {
  const before = await storage.readText(INCOMING_BUCKET, joinKey(of))
  if (before?.text === text) return
  const options = { contentType: 'application/json', metadata: { 'join.as': kind } }
  await storage.put(INCOMING_BUCKET, joinKey(of), { bytes: Buffer.from(text) }, options)
}

async function concludeOnce(storage: Storage, facts: Conclusion, log: Logger) {
  const { of, known } = facts
  // First what is there, then what belongs in it: a later change of either makes the write fail.
  const [playlist, before] = await Promise.all(
    [playlistKey(of), recordKey(of)].map((key) => storage.readText(RESULT_BUCKET, key)),
  )
  const pieces = await piecesInBucket(storage, of, known)
  const earlier = before && parseSessionRecord(before.text)
  const losses = lossesWithout(mergedLosses(facts.losses, earlier?.losses ?? []), pieces)
  if (pieces.length === 0 && losses.length === 0) return undefined
  const record = sessionRecord({
    ...facts,
    // It had ended already; a disk that comes back late only adds to it.
    ...(earlier && { why: earlier.why, endedAtMs: Date.parse(earlier.endedAt) }),
    takes: mergedTakes(facts.takes, earlier?.takes ?? []),
    pieces,
    losses,
  })
  const shown = playable(timelineOf(pieces, losses).entries)
  const isListed = shown.length === 0 || (await replace(playlistKey(of), endedPlaylist(of, shown), playlist))
  if (!isListed) return 'changed'
  const text = `${JSON.stringify(record)}\n`
  if (!(await replace(recordKey(of), text, before))) return 'changed'
  await removeOldVersions(playlistKey(of))
  if (facts.join && pieces.length > 0) await askForJoin(storage, of, text, facts.join)
  return record

  async function replace(
    key: string,
    text: string,
    current: { readonly text: string; readonly etag: string } | undefined,
  ): Promise<boolean> {
    if (current?.text === text) return true
    const [bytes, contentType] = [Buffer.from(text), contentTypeOf(key)]
    return putIfUnchanged(storage, { bucket: RESULT_BUCKET, key }, current?.etag, { bytes, contentType })
  }

  /** Also those that a receiver which was killed has left. */
  async function removeOldVersions(key: string): Promise<void> {
    try {
      for await (const { versionId, isLatest } of storage.list(RESULT_BUCKET, {
        prefix: key,
        versions: true,
      }))
        if (!isLatest && versionId !== undefined) await storage.remove(RESULT_BUCKET, key, { versionId })
    } catch (error) {
      log.warn({ error: messageOf(error) }, 'old versions of a playlist could not be removed')
    }
  }
}
