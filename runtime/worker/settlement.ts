/**
 * Turns the outcome of an attempt into a settlement for the state machine, metrics, and one log line once the settlement is in
 * Redis.
 * @module
 */
import type { Settlement } from '../queue/turn.ts'
import { type Claim, retryDelayMs, type RunState } from '../queue/run.ts'
import { DAY_MS } from '../time.ts'
import type { Owed } from '../queue/debts.ts'
import type { InFlightAttempt } from './in-flight.ts'
import type { Outcome } from './attempt/outcome.ts'
import type { Logger } from '../telemetry/logger.ts'
import type { FunctionSeries } from '../telemetry/function-series.ts'
import type { InvocationStatus, RuntimeMetrics } from '../telemetry/metrics.ts'

/** Pure except for the random retry delay. Undefined when there is nothing to settle: another worker has the run. */
export function settlementOf(
  { claim, definition }: Pick<InFlightAttempt, 'claim' | 'definition'>,
  outcome: Outcome,
  owed: Owed = {},
): Settlement | undefined {
  const { runId, fence, token } = claim
  const head = { runId, fence, token }
  switch (outcome.kind) {
    case 'succeeded':
      // Of almost every run, and without a spread, which takes 2 µs.
      return {
        runId,
        fence,
        token,
        kind: 'complete',
        result: outcome.result,
        owed,
        unlooked: outcome.unlooked?.asked,
      }
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

export function recordEnd(series: FunctionSeries, attempt: InFlightAttempt, outcome: Outcome): void {
  const { runId, payload } = attempt.claim
  const status = statusOf(outcome)
  const seconds = (performance.now() - attempt.startedAtMs) / 1_000
  series.active.dec()
  series.invocations[status].inc()
  series[status === 'success' ? 'success' : 'failure'].observe(seconds, { run: runId })
  if (status !== 'success') return
  series.endToEnd.observe(Math.max(0, Date.now() - payload.eventTimeMs) / 1_000)
  series.inputBytes.inc(payload.sizeBytes)
}

/** @param state - what the settlement led to; `fenced` when another worker has the run by now */
export function recordSettled(
  metrics: RuntimeMetrics,
  log: Logger,
  claim: Claim,
  outcome: Outcome,
  state: RunState | 'fenced',
): void {
  const labels = { function: claim.functionName }
  const fields = {
    function: claim.functionName,
    run: claim.runId,
    attempt: claim.attempts + 1,
    object: `${claim.payload.bucket}/${claim.payload.key}`,
    ...detailOf(outcome),
  }
  if (state === 'retrying') metrics.retries.inc(labels)
  if (state === 'dead') {
    metrics.deadLetters.inc({ ...labels, reason: outcome.kind === 'permanent' ? 'permanent' : 'exhausted' })
  }
  const level = state === 'dead' ? 'error' : state === 'retrying' || state === 'fenced' ? 'warn' : 'info'
  log[level](fields, `run ${state}`)
}

function statusOf(outcome: Outcome): InvocationStatus {
  switch (outcome.kind) {
    case 'succeeded':
      return 'success'
    case 'retry':
      return outcome.why === 'failed' ? 'retry' : outcome.why
    case 'permanent':
      return 'dead'
    case 'isolated':
      return 'released'
    default:
      return outcome.kind
  }
}

function detailOf(outcome: Outcome): Record<string, unknown> {
  if ('error' in outcome) return { error: outcome.error }
  return 'reason' in outcome ? { reason: outcome.reason } : { result: outcome.result }
}
