/** Reports an attempt: its metrics, and one log line once its settlement is in Redis. @module */
import type { Logger } from '../telemetry/logger.ts'
import type { InvocationStatus, RuntimeMetrics } from '../telemetry/metrics.ts'
import type { Claim, RunState } from '../queue/run.ts'
import type { InFlightAttempt } from './in-flight.ts'
import type { Outcome } from './attempt/outcome.ts'

export function recordEnd(metrics: RuntimeMetrics, attempt: InFlightAttempt, outcome: Outcome): void {
  const { claim, definition } = attempt
  const status = statusOf(outcome)
  const seconds = (performance.now() - attempt.startedAtMs) / 1_000
  metrics.invocations.inc({ function: definition.name, status })
  metrics.duration.observe({
    labels: { function: definition.name, status: status === 'success' ? 'success' : 'failure' },
    value: seconds,
    exemplarLabels: { run: claim.runId },
  })
  if (status !== 'success') return
  metrics.endToEnd.observe(
    { function: definition.name },
    Math.max(0, Date.now() - claim.payload.eventTimeMs) / 1_000,
  )
  metrics.inputBytes.inc({ function: definition.name }, claim.payload.sizeBytes)
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
