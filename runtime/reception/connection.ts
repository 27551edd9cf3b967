/** The engine as doors see it: a door asks for admission, hands over what FFmpeg cuts, and says how the connection ended. @module */
import type { ClosedPiece, Door, TakeEnd } from '../function/take.ts'

/** In the place of the settings, for one stream. */
export interface StreamOptions {
  readonly pieceSeconds?: number | undefined
  /** The longest session. */
  readonly sessionMs?: number | undefined
  /** How long its session waits for it. */
  readonly reconnectMs?: number | undefined
  readonly join?: 'off' | 'mp4' | 'ts' | undefined
}

export interface Sender {
  readonly name: string
  readonly door: Door
  /** For people, such as `192.0.2.7:51234` or the pulled address without its secrets. */
  readonly peer: string
  /** The id of the key that it gave; undefined for an operator's token, SRT and pulls. */
  readonly keyId?: string | undefined
  /** It waits when its bytes are not read (PUT): the spool brakes it. The others lose their oldest pieces. */
  readonly canWait: boolean
  /** Cuts a sender that is live under this name, as RTMP encoders expect, instead of being refused. */
  readonly takesOver: boolean
  /** For its session, from this take on. */
  readonly options?: StreamOptions
}

/** Why a sender is not admitted; doors turn it into a status or a closed connection, and the metric counts it by this word. */
export type RefusalReason = 'name' | 'key' | 'live' | 'limit' | 'draining' | 'redis' | 'disk' | 'media'

export interface Refusal {
  readonly kind: 'refused'
  readonly reason: RefusalReason
  /** A sentence for the sender. */
  readonly message: string
}

export type Admission = { readonly kind: 'admitted'; readonly connection: Connection } | Refusal

/** How a take ended, in the order of the questions a door can answer. */
export type EndOfTake =
  /** The sender said that the stream is over: the session ends. */
  | 'sender-finished'
  /** Its connection broke, or it was silent for too long: the session waits for it. */
  | 'sender-lost'
  /** The pulled source ended: the session waits, and the door connects again. */
  | 'source-ended'
  /** The receiver's own FFmpeg crashed or was killed: the session waits for its sender to come again. */
  | 'ffmpeg-lost'
  /** FFmpeg could not write on: the last piece is torn, and the session waits for its sender to come again. */
  | 'disk-full'
  /** FFmpeg could not read on: the rest is not received, and the session waits for a sender that sends it. */
  | 'unreadable'
  /** Nothing that can be cut came: a session without pieces leaves nothing behind. */
  | 'no-media'

export interface Summary {
  readonly session: string
  readonly pieces: number
  readonly seconds: number
  readonly sizeBytes: number
  readonly droppedSeconds: number
}

export interface Connection {
  readonly name: string
  readonly session: string
  readonly take: number
  /** Exists and is empty: FFmpeg's working folder. */
  readonly folder: string
  /** Moves a folder in which FFmpeg works already to {@link folder}; FFmpeg follows. */
  adopt(pendingFolder: string): Promise<void>
  /** For `TakeOptions`. */
  onPiece(piece: ClosedPiece): void
  onProgress(mediaSeconds: number): void
  /**
   * So much was received and is about to be written: {@link room} knows by then whether it may fill the disk, and a sender that cannot
   * wait has lost its oldest pieces if so.
   */
  expects(bytes: number): Promise<void>
  /** Resolves at once, or when the spool has room again if the sender can wait. */
  room(): Promise<void>
  /** True while {@link room} waits: its silence is ours. */
  readonly isBraked: boolean
  /** Aborted when the connection has to be cut: stopped, key revoked, lease lost, taken over, clock jumped, drained; the reason's message says which. */
  readonly cut: AbortSignal
  /** FFmpeg has ended. Resolves when all its pieces are in the spool, with the session's totals if the session has ended by this. */
  end(how: EndOfTake, end: TakeEnd): Promise<Summary | undefined>
}

export interface Reception {
  /** Whether this sender would be refused now. It claims nothing: a sender without media must not hinder another one. */
  ask(sender: Sender): Promise<Refusal | undefined>
  /** Claims the name for this receiver: to be called when media of the sender were recognised. */
  admit(sender: Sender): Promise<Admission>
}
