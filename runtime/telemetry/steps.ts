/**
 * The steps of an attempt, published on a channel of `node:diagnostics_channel` as they are reached. Without a subscriber, as in
 * production, a step costs a comparison; tests subscribe to kill a process or a server at exactly that point.
 * @module
 */
import { channel } from 'node:diagnostics_channel'

/** In the order in which an attempt reaches them. */
export const STEPS = [
  /** The worker has claimed the run and done nothing for it yet. */
  'claimed',
  /** The store has confirmed that the source is the latest version and that there is no result yet. */
  'examined',
  /** The handler is about to be called. */
  'handling',
  /** A file of the attempt is about to be sent. */
  'file-sending',
  'file-sent',
  /** The handler has succeeded and every file is in the bucket. */
  'handled',
  /** The manifest's PUT is signed; the fence has not been checked yet. */
  'signed',
  /** The fence is held and the current manifest was read: the new one is about to be sent. */
  'manifest-sending',
  'manifest-sent',
  /** The pointers show the result. */
  'pointers-written',
  /** The attempt has ended; Redis does not know yet. */
  'settling',
  'settled',
] as const
export type Step = (typeof STEPS)[number]

export interface StepReached {
  readonly step: Step
  /** Starts with the key of the attempt's source. */
  readonly about: string
}

export const STEP_CHANNEL = 'sluice:step'
const steps = channel(STEP_CHANNEL)

/** Subscribers run before it returns. */
export function reached(step: Step, about: string): void {
  if (steps.hasSubscribers) steps.publish({ step, about } satisfies StepReached)
}
