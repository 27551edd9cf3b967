/**
 * A session on this disk: its pieces from the moment they are closed until the bucket has them, its takes and losses. It knows nothing
 * of Redis: who may write the playlist is `stream.ts`'s affair.
 * @module
 */
import { mkdir, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { messageOf } from '../../errors.ts'
import type { ClosedPiece, Door } from '../../function/take.ts'
import { disownFolder, ownFolder } from '../../owned-folder.ts'
import type { StreamNumbers } from '../../queue/stream-state.ts'
import type { SessionContext } from '../context.ts'
import { openJournal, type Journal, type JournalEntry } from './journal.ts'
import { sessionFolder, takeName, type SessionOf } from '../names.ts'
import {
  comparePlaces,
  lossesWithout,
  numbersOf,
  placeId,
  withLoss,
  type Loss,
  type LossReason,
  type Piece,
} from '../piece.ts'
import { removeIfEmpty } from '../spool/empty-folder.ts'
import { sendPiece } from '../spool/send-piece.ts'
import { createSender, type Sent, type Unsent } from '../spool/sender.ts'
import { totalsOf } from './session-record.ts'
import { openPieces, pathOf, pieceOfFile, sizeOf } from '../spool/take-files.ts'
import { createTakeLog } from './take-log.ts'
import { isSeamless, timelineOf, type Entry } from '../playlist/timeline.ts'

export type TakeFacts = Omit<Extract<JournalEntry, { kind: 'take' }>, 'kind'>
export type Session = ReturnType<typeof createSession>

/** @param onStored - called after each piece that the bucket has acknowledged */
export function createSession(context: SessionContext, of: SessionOf, onStored: () => void) {
  const { storage, spool, hooks, media } = context
  const log = context.log.child({ stream: of.name, session: of.session })
  const folder = sessionFolder(spool.dir, of)
  /** In the order of time: what the bucket has, and what is on disk. */
  let pieces: Piece[] = []
  const unsent = new Set<string>()
  /** Takes with files that nobody has read yet: too many files were open, or the disk did not answer. */
  const unread = new Set<number>()
  let losses: readonly Loss[] = []
  const takes = createTakeLog()
  let journal: Journal | undefined
  let door: Door = 'http'

  const sender = createSender({
    send: (piece, signal) => sendPiece(storage, of, piece, signal),
    onSent: settle,
    log,
  })

  function note(entry: JournalEntry): void {
    try {
      journal?.append(entry)
    } catch (error) {
      // Its file is still there: a later receiver measures it.
      log.error({ error: messageOf(error) }, 'the journal of a session could not be written')
    }
  }

  function insert(piece: Piece): void {
    const at = pieces.findLastIndex((each) => comparePlaces(each, piece) < 0) + 1
    pieces.splice(at, 0, piece)
  }

  function settle({ piece, path, closedAtMs }: Unsent, sent: Sent): void {
    if (sent.kind === 'lost') return lose({ piece, path }, sent.reason)
    const { take, number, sizeBytes } = piece
    note({ kind: 'stored', take, number, sha256Hex: sent.sha256Hex })
    pieces = pieces.map((each) => (each === piece ? { ...each, sha256Hex: sent.sha256Hex } : each))
    release(piece, path)
    hooks.pieceStored(door, sizeBytes)
    if (closedAtMs !== undefined) hooks.pieceLag((Date.now() - closedAtMs) / 1_000)
    onStored()
  }

  function lose({ piece, path }: Pick<Unsent, 'piece' | 'path'>, reason: LossReason): void {
    const { take, number, seconds } = piece
    note({ kind: 'lost', take, number, reason })
    const before = losses.length
    losses = withLoss(losses, piece, reason)
    pieces = pieces.filter((each) => each !== piece)
    release(piece, path)
    hooks.dropped(reason, seconds)
    if (losses.length > before) hooks.gap(reason)
    log.warn({ take, number, seconds, reason }, 'a piece was lost')
    onStored()
  }

  /** The bucket has it, or never will. */
  function release(piece: Piece, path: string): void {
    unsent.delete(placeId(piece))
    spool.count(of.session, -piece.sizeBytes)
    rm(path, { force: true }).catch((error: unknown) =>
      log.error({ error: messageOf(error), path }, 'a file of the spool could not be removed'),
    )
  }

  function add(piece: Piece, closedAtMs: number | undefined): void {
    const previous = pieces.findLast((each) => comparePlaces(each, piece) < 0)
    const gaps = previous ? timelineOf([previous, piece], []).gaps : []
    for (const { reason } of gaps) if (reason !== 'unknown') hooks.gap(reason)
    insert(piece)
    unsent.add(placeId(piece))
    spool.count(of.session, piece.sizeBytes)
    const isDiscontinuity = previous !== undefined && !isSeamless(previous, piece)
    sender.add({ piece, path: pathOf(folder, piece), closedAtMs, isDiscontinuity })
  }

  function admit(piece: Piece, closedAtMs: number | undefined): void {
    const { sha256Hex: _unknown, ...facts } = piece
    note({ kind: 'piece', ...facts, extension: piece.extension as '.ts' | '.mp4' })
    add(piece, closedAtMs)
  }

  /** This process ends: the next one on this disk continues. */
  async function disown(): Promise<void> {
    sender.stop()
    spool.count(of.session, -spool.usedBy(of.session))
    if (journal) await disownFolder(folder)
    journal = undefined
  }

  return {
    of,
    folder,
    log,
    sender,
    note,
    takeFolder: (take: number) => join(folder, takeName(take)),
    takes: () => takes.all(),
    lastTakes: () => takes.last(),
    options: () => takes.options(),
    get losses() {
      return losses
    },
    /** All that the bucket has or will have, as far as this process knows. */
    get pieces(): readonly Piece[] {
      return pieces
    },
    /** Those up to the first that the bucket does not have yet. */
    shown(): readonly Entry[] {
      const first = pieces.findIndex((piece) => unsent.has(placeId(piece)))
      return timelineOf(first === -1 ? pieces : pieces.slice(0, first), losses).entries
    },
    numbers(): StreamNumbers {
      const { bytes: sizeBytes, ...totals } = totalsOf(pieces, losses)
      return { ...totals, sizeBytes, spoolBytes: spool.usedBy(of.session) }
    },

    /** Makes the folder this process's own. */
    async open(): Promise<void> {
      await mkdir(folder, { recursive: true, mode: 0o700 })
      await ownFolder(folder)
      journal = openJournal(folder)
    },

    async beginTake(facts: TakeFacts): Promise<void> {
      await mkdir(join(folder, takeName(facts.take)), { recursive: true, mode: 0o700 })
      const entry = { kind: 'take' as const, ...facts }
      note(entry)
      takes.learn(entry)
      door = facts.door
    },

    /** FFmpeg has closed a file. Never throws. */
    closed(take: number, { fileName, startSeconds, endSeconds }: ClosedPiece): void {
      const times = { startSeconds, seconds: endSeconds - startSeconds }
      const piece = pieceOfFile(folder, take, fileName, { ...times, isPartial: false })
      if (piece) admit(piece, Date.now())
      else log.warn({ take, fileName }, 'a piece without bytes was left out')
    },

    /** Files that FFmpeg had not closed when it ended: as many pieces as are found. @throws when they cannot be read */
    async admitOpen(take: number): Promise<number> {
      unread.add(take)
      const known = numbersOf(take, pieces, losses)
      const previous = () => pieces.findLast((piece) => piece.take === take)
      let found = 0
      for await (const piece of openPieces(folder, take, known, media, previous, log)) {
        admit(piece, undefined)
        found++
      }
      unread.delete(take)
      return found
    },

    endTake(take: number, how: string, lastLines: readonly string[], atMs = Date.now()): void {
      const entry = { kind: 'take-ended' as const, take, how, atMs, lastLines: [...lastLines] }
      note(entry)
      takes.learn(entry)
      hooks.takeEnded(door, how)
    },

    /** Frees room if there is not enough; the newest piece stays. */
    dropWhileFull(): void {
      for (
        let reason = spool.shortage(of.session);
        reason && sender.length > 1;
        reason = spool.shortage(of.session)
      ) {
        const dropped = sender.dropOldest()
        if (dropped) lose(dropped, reason)
      }
    },

    /** Adds the pieces that the bucket has and this process does not know. */
    learn(found: readonly Piece[]): void {
      const known = new Set(pieces.map(placeId))
      for (const piece of found) if (!known.has(placeId(piece))) insert(piece)
      losses = lossesWithout(losses, found)
    },

    /** Continues with what the journal of a dead receiver says; pieces whose files are gone were stored, or are unknown. */
    restore(entries: readonly JournalEntry[]): void {
      const stored = new Map<string, string>()
      const lost = new Map<string, LossReason>()
      for (const entry of entries) {
        if (entry.kind === 'stored') stored.set(placeId(entry), entry.sha256Hex)
        else if (entry.kind === 'lost') lost.set(placeId(entry), entry.reason)
        else takes.learn(entry)
        if (entry.kind === 'take') door = entry.door
      }
      for (const entry of entries) {
        if (entry.kind !== 'piece') continue
        const { kind: _kind, ...piece } = entry
        const reason = lost.get(placeId(piece))
        const sha256Hex = stored.get(placeId(piece))
        if (reason) losses = withLoss(losses, piece, reason)
        else if (sha256Hex !== undefined) insert({ ...piece, sha256Hex })
        else if (sizeOf(pathOf(folder, piece)) > 0) add(piece, undefined)
      }
    },

    release: disown,

    /** All that it knows of is in the bucket. A folder with files that could not be read is adopted in the next round. */
    async giveUpFolder(): Promise<void> {
      if (unread.size > 0) return disown()
      journal = undefined
      await rm(folder, { recursive: true, force: true })
      await removeIfEmpty(dirname(folder))
    },
  }
}
