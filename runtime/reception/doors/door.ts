/** The parts that every door has, and the question whether a sender may push under a name. @module */
import type { Door, MediaReception } from '../../function/take.ts'
import type { StreamStore } from '../../queue/streams.ts'
import type { StreamSettings } from '../../settings/streams.ts'
import type { Logger } from '../../telemetry/logger.ts'
import type { Reception, Refusal, RefusalReason } from '../connection.ts'

export type { Refusal } from '../connection.ts'

/** @throws {Error} when Redis does not answer */
export type CheckKey = StreamStore['checkKey']

export interface DoorParts {
  readonly reception: Reception
  readonly media: MediaReception
  readonly checkKey: CheckKey
  readonly settings: StreamSettings
  /** A door refused a sender; the reception counts those that it does not admit itself. */
  readonly onRefused: (door: Door, reason: RefusalReason) => void
  readonly log: Logger
}

/** A door that is open. */
export interface OpenDoor {
  /** Refuses new senders from now on; those that were admitted are not cut. */
  close(): Promise<void>
  /** Ends what is left, once senders could read their answers. */
  closeAll(): Promise<void>
  /** The port on which it listens. */
  readonly port: number
}

export type KeyAnswer = { readonly kind: 'right'; readonly keyId: string } | Refusal

const ABOUT_KEYS = 'create one with: sluice streams key create NAME'

/** Whether the secret is a key of this stream. It fails closed: while Redis is away, nobody is let in by a key. */
export async function askForKey(checkKey: CheckKey, name: string, secret: string): Promise<KeyAnswer> {
  try {
    const verdict = await checkKey(name, secret)
    if (verdict.kind === 'right') return verdict
    if (verdict.kind === 'unknown')
      return refused('redis', 'Redis does not have all keys yet: try again in a few seconds')
    const what = verdict.kind === 'wrong' ? `not a key of the stream "${name}"` : verdict.kind
    return refused('key', `this stream key is ${what}; ${ABOUT_KEYS}`)
  } catch {
    return refused('redis', 'Redis does not answer, so keys cannot be checked: try again in a few seconds')
  }
}

export function refused(reason: RefusalReason, message: string): Refusal {
  return { kind: 'refused', reason, message }
}
