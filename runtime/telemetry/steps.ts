/**
 * The steps of an attempt, told on a channel of `node:diagnostics_channel` as they are reached. Without a listener, which
 * is how the runtime runs, a step costs a comparison; tests listen to end a process or a server exactly there.
 * @module
 */
import { channel } from 'node:diagnostics_channel'

/** In the order in which an attempt reaches them. */
export const STEPS = [
  /** The run is this worker's, and nothing has been done for it. */
  'claimed',
  /** The store has said that the source is the latest version, and that there is no result yet. */
  'examined',
  /** The handler is about to be called. */
  'handling',
  /** A file of the attempt is about to be sent. */
  'file-sending',
  'file-sent',
  /** The handler has succeeded and every file is in the bucket. */
  'handled',
  /** The manifest's PUT is signed, and the fence was not asked yet. */
  'signed',
  /** The fence was held and what stands was read: the manifest is about to be sent. */
  'manifest-sending',
  'manifest-sent',
  /** The pointers show the result. */
  'pointers-written',
  /** The attempt has ended and Redis does not know it yet. */
  'settling',
  'settled',
] as const
export type Step = (typeof STEPS)[number]

export interface StepReached {
  readonly step: Step
  /** Begins with the key of the source that the attempt is about. */
  readonly about: string
}

export const STEP_CHANNEL = 'sluice:step'
const steps = channel(STEP_CHANNEL)

/** Listeners run before it returns. */
export function reached(step: Step, about: string): void {
  if (steps.hasSubscribers) steps.publish({ step, about } satisfies StepReached)
}
