/** The reasons for which the engine cuts a connection, and what its end means for the session. Pure. @module */
import type { StreamOrders } from '../../queue/stream-claim.ts'
import type { EndOfTake } from '../connection.ts'
import type { SessionEnd } from '../session/session-record.ts'

export type CutKind =
  | 'stopped'
  | 'key-revoked'
  | 'max-duration'
  | 'lease-lost'
  | 'taken-over'
  | 'clock'
  | 'disk-full'
  | 'draining'

const MESSAGES: Readonly<Record<CutKind, string>> = {
  stopped: 'the stream was stopped',
  'key-revoked': 'the stream key was revoked',
  'max-duration': 'the session is as long as it may be (SLUICE_STREAMS_SESSION): connect again',
  'lease-lost': 'another receiver has the stream now',
  'taken-over': 'another sender has taken over',
  clock: "the sender's clock jumped, and pieces can no longer be cut: connect again",
  'disk-full': "the receiver's disk is full: connect again later",
  draining: 'the receiver shuts down: connect again',
}

export class Cut extends Error {
  override readonly name = 'Cut'
  readonly kind: CutKind

  constructor(kind: CutKind) {
    super(MESSAGES[kind])
    this.kind = kind
  }
}

export function cutOf(signal: AbortSignal): CutKind | undefined {
  return signal.reason instanceof Cut ? signal.reason.kind : undefined
}

/** The reason for which the orders of a stream cut its connection. */
export function orderedCut(
  { isStopped, isKeyRevoked, sessionMs }: Omit<StreamOrders, 'isLost'>,
  longestMs: number,
): CutKind | undefined {
  if (isStopped) return 'stopped'
  if (isKeyRevoked) return 'key-revoked'
  return sessionMs > longestMs ? 'max-duration' : undefined
}

/** The reason why a session ends with this take; undefined when it waits for the next one. */
export function endBy(kind: CutKind | undefined, how: EndOfTake, isEmpty: boolean): string | undefined {
  if (kind === 'stopped' || kind === 'key-revoked' || kind === 'max-duration') return kind
  if (kind !== undefined) return undefined
  if (how === 'sender-finished') return isEmpty ? 'no-media' : how
  if (how === 'no-media') return isEmpty ? how : undefined
  return undefined
}

/** Ends of takes for which the receiver is the reason. */
const OURS: readonly string[] = ['receiver-lost', 'ffmpeg-lost', 'lease-lost', 'draining']

/**
 * The reason why a session ends whose sender did not come back.
 *
 * @param takeEnd - how its last take ended; undefined when nobody was left to say
 */
export function endAfter(takeEnd: string | undefined): SessionEnd {
  if (takeEnd === undefined || OURS.includes(takeEnd)) return 'receiver-lost'
  return takeEnd === 'source-ended' || takeEnd === 'unreadable' ? takeEnd : 'sender-lost'
}
