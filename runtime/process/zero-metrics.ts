/** Starts every series at 0, with every value its labels may have, so that its first increase is seen. @module */
import { MISMATCHES } from '../function/routing.ts'
import { INVOCATION_STATUSES, STORAGE_OPERATIONS, type RuntimeMetrics } from '../telemetry/metrics.ts'
import { HEAL_REASONS, PASS_KINDS } from '../queue/sweeps.ts'
import { TROUBLES } from '../storage/errors.ts'
import { startStreamsAtZero } from './zero-stream-metrics.ts'

const ADMIT_OUTCOMES = ['new', 'unplaced', 'copy', 'duplicate', 'lifted']
const DROP_REASONS = [
  'malformed',
  'unread',
  'event-type',
  'no-function',
  ...MISMATCHES.filter((each) => each !== 'bucket'),
]
/** Kinds of things that the janitor removes. */
const REMOVED = ['folders', 'files', 'consumers', 'runs']
const TRIGGERS = ['upload', 'sweep', 'reprocess', 'redrive']

/** These are all the series there will be, except for routes of the API: that bounds their number. */
export function startAtZero(metrics: RuntimeMetrics, functionNames: readonly string[]): void {
  startStreamsAtZero(metrics.streams)
  for (const trouble of TROUBLES) metrics.storageTroubles.inc({ trouble }, 0)
  for (const operation of STORAGE_OPERATIONS) {
    for (const outcome of ['ok', 'error']) metrics.storageSeconds.zero({ operation, outcome })
  }
  for (const what of REMOVED) metrics.janitorRemoved.inc({ what }, 0)
  for (const reason of HEAL_REASONS) metrics.sweepHealed.inc({ reason }, 0)
  for (const kind of PASS_KINDS) {
    for (const outcome of ['completed', 'interrupted', 'failed'])
      metrics.sweepPasses.inc({ kind, outcome }, 0)
  }
  for (const event of ['created', 'removed']) metrics.eventsReceived.inc({ source: 'minio', event }, 0)
  for (const reason of DROP_REASONS) metrics.eventsDropped.inc({ reason }, 0)
  for (const name of functionNames) {
    const labels = { function: name }
    for (const outcome of ADMIT_OUTCOMES) metrics.admitted.inc({ ...labels, outcome }, 0)
    for (const trigger of TRIGGERS) metrics.starts.inc({ ...labels, trigger }, 0)
    for (const status of INVOCATION_STATUSES) metrics.invocations.inc({ ...labels, status }, 0)
    for (const status of ['success', 'failure']) metrics.duration.of({ ...labels, status })
    metrics.startDelay.of(labels)
    metrics.endToEnd.of(labels)
    for (const reason of ['permanent', 'exhausted', 'crash-loop'])
      metrics.deadLetters.inc({ ...labels, reason }, 0)
    for (const outcome of ['requeued', 'dead', 'cancelled']) metrics.reclaimed.inc({ ...labels, outcome }, 0)
    for (const outcome of ['committed', 'adopted', 'superseded', 'fenced'])
      metrics.commits.inc({ ...labels, outcome }, 0)
    metrics.retries.inc(labels, 0)
    metrics.inputBytes.inc(labels, 0)
    metrics.outputBytes.inc(labels, 0)
    metrics.active.set(labels, 0)
    metrics.strays.set(labels, 0)
  }
}
