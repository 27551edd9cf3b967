/** The messages between a receiver and Redis about a stream that it owns. @module */
import type { Door } from '../function/take.ts'
import type { StreamNumbers, StreamTake } from './stream-state.ts'

export interface StreamClaim {
  /** New for each claim, the same when a claim is repeated. */
  readonly token: string
  /** The session, if a new one starts. */
  readonly session: string
  /** The first take of a new session, and the least of this one; above 1 where Redis may have lost it or its last second. @defaultValue 1 */
  readonly firstTake?: number
  readonly door: Door
  readonly peer: string
  /** Cuts a sender that is live. */
  readonly takesOver: boolean
  readonly keyId?: string | undefined
}

export type ClaimReply =
  | {
      readonly kind: 'claimed'
      readonly session: string
      readonly take: number
      /** Grows with each claim. */
      readonly fence: string
      readonly isResumed: boolean
      /** The start of the session. */
      readonly startedAtMs: number
    }
  | { readonly kind: 'live'; readonly peer: string; readonly door: Door; readonly sinceMs: number }

export interface StreamBeat {
  readonly state: 'live' | 'waiting'
  readonly numbers: StreamNumbers
  /** The last 20 of the session that the owner knows, with how they ended. @defaultValue none */
  readonly takes?: readonly StreamTake[]
  /** With this a stream is restored whose Redis was emptied; without it the owner has lost it then. */
  readonly claimed?: Pick<StreamClaim, 'door' | 'peer' | 'keyId'> &
    Pick<ClaimReply & { kind: 'claimed' }, 'session' | 'take' | 'fence' | 'startedAtMs'>
}

export interface StreamAdoption {
  readonly token: string
  readonly session: string
  /** The token of an owner that is known to be dead: its lease need not run out. */
  readonly deadToken?: string
  /** The last take that the caller knows of: Redis may have lost it. */
  readonly take: number
  /** The start of the session, for a Redis that was emptied. */
  readonly startedAtMs: number
}

/** The duties of its owner. */
export interface StreamOrders {
  /** Another receiver has it by now, or it was ended. */
  readonly isLost: boolean
  readonly isStopped: boolean
  readonly isKeyRevoked: boolean
  /** The age of its session. */
  readonly sessionMs: number
}
