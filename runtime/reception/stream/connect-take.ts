/** One take of a session, as its door has it. @module */
import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { messageOf } from '../../errors.ts'
import { createClockWatch } from './clock-watch.ts'
import type { Connection, EndOfTake, Sender, Summary } from '../connection.ts'
import { Cut, cutOf, type CutKind } from './cut.ts'
import { pieceFileName, placeOfFile } from '../names.ts'
import type { Session } from '../session/session.ts'
import type { Spool } from '../spool/spool.ts'
import { sizeOf } from '../spool/take-files.ts'

/** Ends of takes that are not the usual life of a sender. */
const TROUBLES: Partial<Readonly<Record<EndOfTake, string>>> = {
  'ffmpeg-lost': 'the FFmpeg of a take crashed or was killed: its sender has to come again',
  'disk-full': 'the disk was full, and the last piece of a take is torn: its sender has to come again',
  unreadable: 'FFmpeg could not read on, and the rest of what was sent is lost: is it of several files?',
}
const EXTENSIONS = ['.ts', '.mp4']

/** The take of a session that is live. */
export interface CurrentTake {
  cut(kind: CutKind): void
  /** To be called every second. */
  tick(nowMs: number): void
  /** Resolves when FFmpeg has ended and all its pieces are in the spool. */
  readonly ended: Promise<void>
}

export interface TakeConnection {
  readonly session: Session
  readonly spool: Spool
  readonly pieceSeconds: number
  readonly sender: Sender
  readonly take: number
  /** Called when all its pieces are in the spool. */
  readonly onEnd: (
    how: EndOfTake,
    kind: CutKind | undefined,
    ended: CurrentTake,
  ) => Promise<Summary | undefined>
}

export function connectTake({ session, spool, pieceSeconds, sender, take, onEnd }: TakeConnection): {
  readonly connection: Connection
  readonly current: CurrentTake
} {
  const { name, canWait } = sender
  const { session: id } = session.of
  const cut = new AbortController()
  const watch = createClockWatch(Date.now(), pieceSeconds)
  const folder = session.takeFolder(take)
  /** Of the file that FFmpeg is writing; the format is known with the first piece only. */
  let openNumber = 0
  const openBytes = () =>
    EXTENSIONS.reduce(
      (sum, extension) => sum + sizeOf(join(folder, pieceFileName({ number: openNumber, extension }))),
      0,
    )
  let isBraked = false
  let hasEnded: () => void = () => undefined
  const ended = new Promise<void>((resolve) => (hasEnded = resolve))

  const current: CurrentTake = {
    ended,
    cut: (kind) => cut.abort(new Cut(kind)),
    tick(nowMs) {
      if (isBraked) return watch.reset(nowMs)
      if (watch.hasJumped(nowMs, openBytes())) cut.abort(new Cut('clock'))
      // FFmpeg does not end by itself when it cannot write, and would lose everything without a word.
      else if (spool.shortage(id) === 'disk-full' && watch.isStuck(nowMs)) cut.abort(new Cut('disk-full'))
      if (!canWait) session.dropWhileFull()
    },
  }

  const connection: Connection = {
    name,
    session: id,
    take,
    folder,
    adopt: (pendingFolder) => rename(pendingFolder, folder),
    onPiece(piece) {
      session.closed(take, piece)
      const place = placeOfFile(piece.fileName)
      if (place) openNumber = place.number + 1
      watch.reset(Date.now(), piece.endSeconds)
      if (!canWait) session.dropWhileFull()
    },
    onProgress: (mediaSeconds) => watch.progress(Date.now(), mediaSeconds),
    async expects(bytes) {
      await spool.expect(bytes)
      if (!canWait) session.dropWhileFull()
    },
    async room() {
      if (!canWait || !spool.shortage(id)) return
      isBraked = true
      await spool.room(id, cut.signal)
      isBraked = false
    },
    get isBraked() {
      return isBraked
    },
    cut: cut.signal,
    async end(how, takeEnd) {
      const kind = cutOf(cut.signal)
      const trouble = kind ? undefined : TROUBLES[how]
      if (trouble !== undefined)
        session.log.warn({ take, signal: takeEnd.signal, lastLines: takeEnd.lastLines.slice(-3) }, trouble)
      try {
        await session.admitOpen(take)
      } catch (error) {
        session.log.error(
          { take, error: messageOf(error) },
          'the last pieces of a take could not be read; they stay on disk, and are tried again',
        )
      }
      session.endTake(take, kind ?? how, takeEnd.lastLines)
      hasEnded()
      return onEnd(how, kind, current)
    },
  }
  return { connection, current }
}
