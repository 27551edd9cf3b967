/**
 * The part of reception that the media tools do: `functions/index.ts` exports it as `reception`, so that the runtime receives streams
 * and knows nothing of video. A take is one connection of a sender, from its first byte to its last: one FFmpeg process that
 * cuts what it receives into pieces.
 * @module
 */
import type { Writable } from 'node:stream'

/** The ways in which media arrive. */
export const DOORS = ['http', 'rtmp', 'srt', 'pull'] as const
export type Door = (typeof DOORS)[number]

export type TakeInput =
  /** The bytes are written to {@link Take.stdin}. */
  | { readonly door: 'http' }
  /** FFmpeg listens on loopback and expects the stream key `nonce`; `onSenderKey` says which one came. */
  | { readonly door: 'rtmp'; readonly port: number; readonly nonce: string }
  | {
      readonly door: 'srt'
      readonly host: string
      readonly port: number
      readonly passphrase: string
      /** A caller that sends nothing for so long is left: it would keep the port. */
      readonly patienceMs: number
    }
  /** `url` has the address to connect to, checked before; `proxyPort` is that of the forward proxy on loopback, for http and hls. */
  | { readonly door: 'pull'; readonly url: string; readonly proxyPort?: number }

/** MPEG-TS; fragmented MP4 only for codecs that MPEG-TS has not. */
export type PieceFormat = 'mpegts' | 'fmp4'

/** A file that is complete; FFmpeg does not touch it again. */
export interface ClosedPiece {
  /** Such as `000012.ts` or `000012.mp4`, in the folder of the take. */
  readonly fileName: string
  /** On the time line of the take. */
  readonly startSeconds: number
  readonly endSeconds: number
}

export interface TakeOptions {
  readonly input: TakeInput
  /** An existing, empty folder; it may be renamed while the take runs. */
  readonly folder: string
  readonly format: PieceFormat
  /** The length at which pieces are cut, at the next keyframe: 1 to 30. */
  readonly pieceSeconds: number
  /** In order; the file is complete. */
  onPiece(piece: ClosedPiece): void
  /** The media time that was received so far. */
  onProgress?(mediaSeconds: number): void
  /** The stream key that an RTMP sender gave, such as `cam1?key=SECRET`; at most once. */
  onSenderKey?(key: string): void
}

export interface TakeEnd {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  /**
   * Something else than {@link Take.kill} and the sender's media ended FFmpeg: it crashed, or the system or somebody killed it.
   * What the sender sent is not the reason, and its next connection may succeed.
   */
  readonly wasLost: boolean
  /** FFmpeg could not read on, though the sender sent more: as after a second header, in files that were put one behind the other. */
  readonly stoppedReading: boolean
  /** A piece could not be written for want of room on the disk: it is torn, though it may have been listed. */
  readonly isDiskFull?: boolean
  /** FFmpeg's last lines, without secrets. */
  readonly lastLines: readonly string[]
  /** The reason of its failure as a sentence, where its words are known. */
  readonly reason?: string
  /** A codec of the sender does not fit in the take's format: a take with this one can receive it. */
  readonly otherFormat?: PieceFormat
}

export interface Take {
  readonly pid: number
  /** Only for the door `http`. */
  readonly stdin: Writable | undefined
  /** Stops reading its input until {@link resume}: a source that is read over TCP waits. */
  pause(): void
  resume(): void
  /** Ends the whole process group at once; pieces that are closed stay. */
  kill(): void
  /** Resolves when FFmpeg has ended; never rejects. */
  readonly ended: Promise<TakeEnd>
}

/** The result of looking at the first bytes of a sender. */
export type Examination =
  | { readonly kind: 'media'; readonly format: PieceFormat; readonly codecs: readonly string[] }
  /** More bytes are needed to tell. */
  | { readonly kind: 'undecided' }
  /** `why` completes "this cannot be received: …". */
  | { readonly kind: 'refused'; readonly why: string }

/** The doors that the FFmpeg on this machine can serve. */
export interface ReceptionAbilities {
  /** Such as `5.1.9 (path)`. */
  readonly ffmpeg: string
  readonly hasSrt: boolean
  /** https pulls: the embedded build crashes on them. */
  readonly hasTls: boolean
}

export interface MediaReception {
  abilities(): Promise<ReceptionAbilities>
  /**
   * Starts a process when the bytes are plausible: call it with twice the bytes of the time before, not with each packet.
   *
   * @param head - the first bytes, at most 2 MB; `isAll` when no more will come
   */
  examine(head: Buffer, isAll: boolean): Promise<Examination>
  startTake(options: TakeOptions): Promise<Take>
  /**
   * The times of a piece that no line of the list named, since its FFmpeg was killed; undefined when it holds no media. The
   * times of MPEG-TS start again after 26.5 h: no take is as long as that, as no session is.
   */
  measure(path: string): Promise<{ readonly startSeconds: number; readonly seconds: number } | undefined>
}
