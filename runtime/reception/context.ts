/** The surroundings of sessions and streams in this process. @module */
import type { MediaReception } from '../function/take.ts'
import type { StreamClaim } from '../queue/stream-claim.ts'
import type { StreamStore } from '../queue/streams.ts'
import type { Storage } from '../storage/storage.ts'
import type { Logger } from '../telemetry/logger.ts'
import type { ReceptionHooks } from './hooks.ts'
import type { Spool } from './spool/spool.ts'

export interface SessionContext {
  readonly storage: Storage
  readonly media: Pick<MediaReception, 'measure'>
  readonly spool: Spool
  readonly hooks: ReceptionHooks
  readonly log: Logger
}

export interface StreamContext extends SessionContext {
  readonly store: Pick<
    StreamStore,
    | 'claim'
    | 'holder'
    | 'adopt'
    | 'beat'
    | 'end'
    | 'withdraw'
    | 'keyOf'
    | 'orders'
    | 'read'
    | 'lapsed'
    | 'leaseMs'
  >
  readonly ffmpeg: string
  readonly settings: {
    readonly pieceSeconds: number
    readonly reconnectMs: number
    /** The longest session. */
    readonly sessionMs: number
    readonly windowMs: number
    readonly join?: 'mp4' | 'ts' | undefined
  }
  /** Aborted when this process ends. */
  readonly over: AbortSignal
}

/** A claim that was granted, with what a Redis that was emptied needs to know it again. */
export interface Claim extends Pick<StreamClaim, 'token' | 'door' | 'peer' | 'keyId'> {
  readonly take: number
  readonly fence: string
  readonly startedAtMs: number
}
