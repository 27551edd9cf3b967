/**
 * A take whose FFmpeg starts before its sender is admitted, since FFmpeg itself talks to the sender: RTMP, SRT, pull. Its pieces
 * wait until a connection takes them.
 * @module
 */
import type {
  ClosedPiece,
  MediaReception,
  PieceFormat,
  Take,
  TakeEnd,
  TakeInput,
} from '../../function/take.ts'
import type { Connection, Sender } from '../connection.ts'
import { messageOf } from '../../errors.ts'
import { sleep } from '../../time.ts'
import { refused, type DoorParts, type Refusal } from './door.ts'
import type { PendingFolders } from './pending.ts'
import { finishTake } from './running-take.ts'

export interface EarlyParts extends DoorParts {
  readonly pending: PendingFolders
}

export interface EarlyTake {
  readonly take: Take
  /** Resolves with the first media, or when FFmpeg has ended without any. */
  readonly firstMedia: Promise<void>
  /** No media came until now. */
  readonly isSilent: () => boolean
  /** Pieces that were closed. */
  readonly pieces: () => number
  /** So much of the sender came to this process, and goes to FFmpeg: the disk is looked at before it may be full. */
  received(bytes: number): Promise<void>
  /** Asks for admission, and hands over what came until now and what will come. */
  admit(sender: Sender): Promise<Connection | Refusal>
  /** Ends FFmpeg, with its last piece complete where it can be, and what it left if nobody was admitted. */
  finish(): Promise<TakeEnd>
}

export interface EarlyOptions extends Pick<Parameters<MediaReception['startTake']>[0], 'onSenderKey'> {
  readonly input: TakeInput
  readonly format?: PieceFormat
  /** @defaultValue SLUICE_STREAMS_SECONDS */
  readonly pieceSeconds?: number | undefined
  /** More media came. */
  readonly onMedia?: () => void
}

/** Kills an FFmpeg that gets no media in this time: it would wait for ever. */
export async function firstMediaWithin({ firstMedia, take }: EarlyTake, patienceMs: number): Promise<void> {
  const over = new AbortController()
  void sleep(patienceMs, over.signal).then(() => over.signal.aborted || take.kill())
  await firstMedia
  over.abort()
}

/** @throws {Error} when FFmpeg cannot be started */
export async function startEarlyTake(parts: EarlyParts, options: EarlyOptions): Promise<EarlyTake> {
  const { media, reception, pending, settings } = parts
  const { input, format = 'mpegts', onSenderKey, onMedia = () => undefined } = options
  const { pieceSeconds = settings.pieceSeconds } = options
  const folder = await pending.make()
  const early: ClosedPiece[] = []
  let connection: Connection | undefined
  let pieces = 0
  let mediaSeconds = 0
  let begin = () => {}
  const firstMedia = new Promise<void>((resolve) => {
    begin = resolve
  })
  const startTake = () =>
    media.startTake({
      input,
      folder,
      format,
      pieceSeconds,
      ...(onSenderKey && { onSenderKey }),
      onPiece(piece) {
        pieces += 1
        if (connection) connection.onPiece(piece)
        else early.push(piece)
        begin()
      },
      onProgress(seconds) {
        // FFmpeg repeats it while nothing comes.
        if (seconds <= mediaSeconds) return
        mediaSeconds = seconds
        connection?.onProgress(seconds)
        onMedia()
        begin()
        void brake()
      },
    })
  let take: Take
  try {
    take = await startTake()
  } catch (error) {
    await pending.remove(folder)
    throw error
  }
  void take.ended.then(begin)
  /** The spool has no room for a sender that can wait: its FFmpeg stands still, and reads nothing. */
  async function brake(): Promise<void> {
    if (!connection || connection.isBraked) return
    const room = connection.room()
    if (!connection.isBraked) return
    take.pause()
    await room
    take.resume()
  }
  const finish = async (): Promise<TakeEnd> => {
    const end = await finishTake(take)
    if (!connection) await pending.remove(folder)
    return end
  }

  return {
    take,
    firstMedia,
    isSilent: () => mediaSeconds === 0 && pieces === 0,
    pieces: () => pieces,
    async received(bytes) {
      await connection?.expects(bytes)
      await brake()
    },
    async admit(sender) {
      const admission = await reception.admit(sender)
      if (admission.kind === 'refused') return admission
      try {
        await admission.connection.adopt(folder)
      } catch (error) {
        // The disk fails: a stream without its FFmpeg must not stay live.
        take.kill()
        const end = await finish()
        await admission.connection.end('sender-lost', end)
        return refused('disk', `the receiver's disk cannot be written: ${messageOf(error)}`)
      }
      connection = admission.connection
      for (const piece of early.splice(0)) connection.onPiece(piece)
      return connection
    },
    finish,
  }
}
