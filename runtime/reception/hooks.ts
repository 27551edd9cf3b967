/** The numbers that reception reports, for metrics. No callback gets a name of a stream: there may be many. @module */
import type { Door } from '../function/take.ts'
import type { RefusalReason } from './connection.ts'
import type { LossReason } from './piece.ts'
import type { GapReason } from './playlist/timeline.ts'

export interface ReceptionHooks {
  /** `end` is how the door or the engine ended it, such as `sender-lost` or `clock`. */
  takeEnded(door: Door, end: string): void
  pieceStored(door: Door, sizeBytes: number): void
  /** From the closing of a piece to its acknowledgement. */
  pieceLag(seconds: number): void
  dropped(reason: LossReason, seconds: number): void
  gap(reason: GapReason): void
  refused(door: Door, reason: RefusalReason): void
  /** Pieces that a dead receiver left on disk, and that are sent now. */
  recovered(pieces: number): void
}

export const NO_HOOKS: ReceptionHooks = {
  takeEnded: () => undefined,
  pieceStored: () => undefined,
  pieceLag: () => undefined,
  dropped: () => undefined,
  gap: () => undefined,
  refused: () => undefined,
  recovered: () => undefined,
}
