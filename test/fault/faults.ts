/**
 * Every fault that is tried, and the metric that tells of it: the ground on which alerts stand. A test makes the fault, and
 * {@link watchFault} asserts that its metric has moved.
 * @module
 */
import type { TestStack } from '../helpers/stack.ts'
import { waitFor } from '../helpers/wait.ts'

interface Fault {
  /** Of `reference/reliability.md`, section 8. */
  readonly promise: string
  readonly metric: string
  readonly labels?: Readonly<Record<string, string>>
  /** Of a counter that it grows, of a gauge that it is no longer (or newly) 0. */
  readonly moves: 'grows' | 'to-zero' | 'from-zero'
  /** Who exposes it. @defaultValue the runtime */
  readonly of?: 'minio'
}

/** One line a fault; each is used by a test in this folder, in `test/long`, `test/longest` or `test/e2e`. */
export const FAULTS = {
  'worker killed': { promise: 'P1', metric: 'sluice_queue_reclaimed_total', moves: 'grows' },
  'connection to the store lost': {
    promise: 'P11',
    metric: 'sluice_storage_troubles_total',
    labels: { trouble: 'network' },
    moves: 'grows',
  },
  'store refuses': {
    promise: 'P11',
    metric: 'sluice_storage_troubles_total',
    labels: { trouble: 'server' },
    moves: 'grows',
  },
  'store full': {
    promise: 'P11',
    metric: 'sluice_storage_troubles_total',
    labels: { trouble: 'full' },
    moves: 'grows',
  },
  'source overwritten': {
    promise: 'P12',
    metric: 'sluice_function_invocations_total',
    labels: { status: 'superseded' },
    moves: 'grows',
  },
  'source deleted': {
    promise: 'P12',
    metric: 'sluice_function_invocations_total',
    labels: { status: 'source-gone' },
    moves: 'grows',
  },
  'handler takes its worker down': {
    promise: 'P6',
    metric: 'sluice_dead_letters_total',
    labels: { reason: 'crash-loop' },
    moves: 'grows',
  },
  'connection to redis lost': {
    promise: 'P11',
    metric: 'sluice_redis_connections_lost_total',
    moves: 'grows',
  },
  'redis full': { promise: 'P10', metric: 'sluice_intake_pauses_total', moves: 'grows' },
  'clock wrong by 20 minutes': {
    promise: 'P13',
    metric: 'sluice_storage_troubles_total',
    labels: { trouble: 'clock' },
    moves: 'from-zero',
  },
  'worker asleep': {
    promise: 'P5',
    metric: 'sluice_queue_reclaimed_total',
    labels: { outcome: 'requeued' },
    moves: 'grows',
  },
  'redis killed': { promise: 'P1', metric: 'sluice_redis_connections_lost_total', moves: 'grows' },
  'redis asleep': {
    promise: 'P1',
    metric: 'sluice_function_invocations_total',
    labels: { status: 'released' },
    moves: 'grows',
  },
  'minio killed': {
    promise: 'P1',
    metric: 'sluice_storage_troubles_total',
    labels: { trouble: 'network' },
    moves: 'grows',
  },
  'notifications repeated': {
    promise: 'P3',
    metric: 'sluice_admissions_total',
    labels: { outcome: 'duplicate' },
    moves: 'grows',
  },
  'notifications malformed': {
    promise: 'P7',
    metric: 'sluice_events_dropped_total',
    labels: { reason: 'malformed' },
    moves: 'grows',
  },
  'redis away': { promise: 'P15', metric: 'sluice_redis_connected', moves: 'to-zero' },
  'key of a wrong type': { promise: 'P15', metric: 'sluice_intake_pauses_total', moves: 'grows' },
  'stream of a wrong type': {
    promise: 'P15',
    metric: 'sluice_admissions_total',
    labels: { outcome: 'unplaced' },
    moves: 'grows',
  },
  'notifications too long': {
    promise: 'P7',
    metric: 'sluice_events_dropped_total',
    labels: { reason: 'unread' },
    moves: 'grows',
  },
  'scratch full': { promise: 'P18', metric: 'sluice_scratch_free_bytes', moves: 'to-zero' },
  'upload never announced': {
    promise: 'P2',
    metric: 'sluice_sweep_healed_total',
    labels: { reason: 'lost-event' },
    moves: 'grows',
  },
  'redis emptied': {
    promise: 'P2',
    metric: 'sluice_sweep_healed_total',
    labels: { reason: 'lost-event' },
    moves: 'grows',
  },
  'stream entry deleted': {
    promise: 'P2',
    metric: 'sluice_sweep_healed_total',
    labels: { reason: 'stream-entry' },
    moves: 'grows',
  },
  'more events than the queue folder takes': {
    promise: 'P2',
    metric: 'minio_notify_target_failed_events',
    moves: 'grows',
    of: 'minio',
  },
  'handler gives up': {
    promise: 'P17',
    metric: 'sluice_dead_letters_total',
    labels: { reason: 'permanent' },
    moves: 'grows',
  },
  'event torn': {
    promise: 'P2',
    metric: 'minio_notify_target_queue_length',
    moves: 'from-zero',
    of: 'minio',
  },
  'media made to hurt': {
    promise: 'P17',
    metric: 'sluice_ffmpeg_runs_total',
    labels: { outcome: 'failed' },
    moves: 'grows',
  },
  'queue folder on a full disk': {
    promise: 'P2',
    metric: 'minio_notify_target_failed_events',
    moves: 'grows',
    of: 'minio',
  },
} as const satisfies Readonly<Record<string, Fault>>

export type FaultName = keyof typeof FAULTS

/** Reads the metric before the fault; what it returns asserts, after it, that the metric told of it. */
export async function watchFault(
  stack: Pick<TestStack, 'apiUrl' | 'minioEndpoint'>,
  name: FaultName,
): Promise<() => Promise<void>> {
  const fault: Fault = FAULTS[name]
  const before = await readMetric(stack, fault)
  if (before === undefined) throw new Error(`${fault.metric} is not exposed: nothing could tell of "${name}"`)
  return async () => {
    await waitFor(async () => hasMoved(fault, before, await readMetric(stack, fault)), {
      timeoutMs: 20_000,
      what: `${fault.metric} ${JSON.stringify(fault.labels ?? {})} to tell of "${name}" (it was ${before})`,
    })
  }
}

function hasMoved({ moves }: Fault, before: number, now: number | undefined): boolean {
  if (now === undefined) return false
  if (moves === 'grows') return now > before
  return moves === 'to-zero' ? now === 0 : now !== 0
}

/** The sum over all series that have the labels; undefined when there is none. */
async function readMetric(
  { apiUrl, minioEndpoint }: Pick<TestStack, 'apiUrl' | 'minioEndpoint'>,
  { metric, labels = {}, of }: Fault,
): Promise<number | undefined> {
  const url = of === 'minio' ? `${minioEndpoint}/minio/v2/metrics/cluster` : `${apiUrl}/metrics`
  const text = await (await fetch(url)).text()
  const wanted = Object.entries(labels).map(([name, value]) => `${name}="${value}"`)
  const values = text.split('\n').flatMap((line) => {
    const isMeant = line.startsWith(`${metric} `) || line.startsWith(`${metric}{`)
    return isMeant && wanted.every((each) => line.includes(each)) ? [Number(line.split(' ').at(-1))] : []
  })
  return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0)
}
