/** Turns an outcome into a settlement for the state machine. Pure except for the random retry delay. @module */
import type { Settlement } from '../queue/turn.ts'
import { retryDelayMs } from '../queue/run.ts'
import { DAY_MS } from '../time.ts'
import type { Owed } from '../queue/debts.ts'
import type { InFlightAttempt } from './in-flight.ts'
import type { Outcome } from './attempt/outcome.ts'

/** Undefined when there is nothing to settle: another worker has the run. */
export function settlementOf(
  { claim, definition }: Pick<InFlightAttempt, 'claim' | 'definition'>,
  outcome: Outcome,
  owed: Owed = {},
): Settlement | undefined {
  const { runId, fence, token } = claim
  const head = { runId, fence, token }
  switch (outcome.kind) {
    case 'succeeded':
      return { ...head, kind: 'complete', result: outcome.result, owed }
    case 'retry':
      return {
        ...head,
        kind: 'fail',
        error: outcome.error,
        lines: outcome.lines.join('\n'),
        delayMs: sensible(outcome.delayMs ?? retryDelayMs(definition, claim.attempts + 1)),
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
      // Nothing is counted, so something must end it: a refusal by the store for a whole day is a failure like any other.
      if (outcome.delayMs !== undefined && claim.claimedAtMs - claim.createdAtMs > DAY_MS) {
        const delayMs = sensible(outcome.delayMs)
        return {
          ...head,
          kind: 'fail',
          error: outcome.reason,
          lines: '',
          delayMs,
          maxAttempts: definition.maxAttempts,
        }
      }
      return { ...head, kind: 'release', reason: outcome.reason, delayMs: sensible(outcome.delayMs ?? 0) }
    case 'isolated':
      return { ...head, kind: 'isolate', reason: outcome.reason }
    case 'superseded':
    case 'source-gone':
    case 'cancelled':
      return { ...head, kind: outcome.kind, reason: outcome.reason }
    case 'lost':
      return undefined
  }
}

/** Handlers give delays too: NaN means no delay, and nothing waits for more than a day. */
function sensible(delayMs: number): number {
  return Number.isNaN(delayMs) ? 0 : Math.round(Math.min(Math.max(delayMs, 0), DAY_MS))
}
