/** What an outcome means for the state machine. Pure but for the draw of the retry delay. @module */
import type { Settlement } from '../queue/queue.ts'
import { retryDelayMs } from '../queue/retry.ts'
import type { InFlightAttempt } from './in-flight.ts'
import type { Outcome } from './outcome.ts'

/** Undefined when there is nothing to say: another worker has the run. */
export function settlementOf(
  { claim, definition }: Pick<InFlightAttempt, 'claim' | 'definition'>,
  outcome: Outcome,
): Settlement | undefined {
  const { runId, fence, token } = claim
  const head = { runId, fence, token }
  switch (outcome.kind) {
    case 'succeeded':
      return { ...head, kind: 'complete', result: outcome.result }
    case 'retry':
      return {
        ...head,
        kind: 'fail',
        error: outcome.error,
        lines: outcome.lines.join('\n'),
        delayMs: Math.round(outcome.delayMs ?? retryDelayMs(definition, claim.attempts + 1)),
        maxAttempts: definition.maxAttempts,
      }
    case 'permanent':
      return {
        ...head,
        kind: 'bury',
        reason: 'permanent',
        error: outcome.error,
        lines: outcome.lines.join('\n'),
      }
    case 'released':
      return { ...head, kind: 'release', reason: outcome.reason }
    case 'superseded':
    case 'source-gone':
    case 'cancelled':
      return { ...head, kind: outcome.kind, reason: outcome.reason }
    case 'lost':
      return undefined
  }
}
