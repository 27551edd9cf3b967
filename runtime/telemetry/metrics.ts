/**
 * Every metric of the runtime on one screen. Labels are bounded: never a key, a run id or a message.
 * `process/zero-metrics.ts` starts each series at 0.
 * @module
 */
import {
  collectDefaultMetrics,
  Counter,
  Gauge,
  Histogram,
  openMetricsContentType,
  type OpenMetricsContentType,
  Registry,
} from 'prom-client'
import { Distribution } from './distribution.ts'
import { createStreamMetrics } from './stream-metrics.ts'

export const INVOCATION_STATUSES = [
  'success',
  'retry',
  'dead',
  'timeout',
  'stalled',
  'cancelled',
  'superseded',
  'source-gone',
  'released',
  'lost',
] as const
export type InvocationStatus = (typeof INVOCATION_STATUSES)[number]

/** Methods of `Storage`. */
export const STORAGE_OPERATIONS = ['head', 'get', 'readText', 'put', 'putSigned', 'remove'] as const
export type StorageOperation = (typeof STORAGE_OPERATIONS)[number]

/** Metrics of functions, such as those of FFmpeg. */
export const functionMetrics = new Registry()

/** Each bucket is a series for every function, and two for durations: few, and close together where people wait. */
const EVENT_LOOP_LOOK_MS = 50
const RUN_SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1_800]
const DELAY_SECONDS = [0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1, 3, 10, 60, 600]
const STORE_SECONDS = [0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]

/** Prometheus's own text, or OpenMetrics, which has exemplars. */
export type MetricsFormat = 'text' | 'openmetrics'

export type RuntimeMetrics = ReturnType<typeof createMetrics>

export function createMetrics() {
  // This type because exemplars need it; the format of the exposition is chosen there.
  const registry = new Registry<OpenMetricsContentType>()
  registry.setContentType(openMetricsContentType)
  // Its default of 10 ms wakes each process a hundred times a second. The delays that it reports have this in them.
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: EVENT_LOOP_LOOK_MS })
  // These gauges have the name of a counter, which promtool refuses.
  for (const what of ['handles', 'requests', 'resources'])
    registry.removeSingleMetric(`nodejs_active_${what}_total`)
  // A single lagging process matters: the mean that prom-client computes would hide it among idle ones.
  for (const each of registry.getMetricsAsArray()) {
    if (each.name.startsWith('nodejs_eventloop_lag_')) Object.assign(each, { aggregator: 'max' })
  }
  const counter = <L extends string>(name: string, help: string, labelNames: readonly L[]) =>
    new Counter<L>({ name, help, labelNames: [...labelNames], registers: [registry] })
  /** A gauge with the same value in every process of a runtime, so that the sum over them would be wrong. */
  const shared = <L extends string>(name: string, help: string, labelNames: readonly L[]) =>
    new Gauge<L>({ name, help, labelNames: [...labelNames], aggregator: 'max', registers: [registry] })
  const gauge = <L extends string>(name: string, help: string, labelNames: readonly L[]) =>
    new Gauge<L>({ name, help, labelNames: [...labelNames], registers: [registry] })
  const histogram = <L extends string>(
    name: string,
    help: string,
    labelNames: readonly L[],
    buckets: number[],
  ) => new Histogram<L>({ name, help, labelNames: [...labelNames], buckets, registers: [registry] })
  /** With series that are kept by code that observes with every run (`function-series.ts`). */
  const distribution = (name: string, help: string, buckets: readonly number[]) =>
    new Distribution({ name, help, buckets, registry: registry as unknown as Registry<never> })

  return {
    registry,
    streams: createStreamMetrics(registry),
    eventsReceived: counter(
      'sluice_events_received_total',
      'Events read from notifications, duplicates included.',
      ['source', 'event'],
    ),
    eventsDropped: counter(
      'sluice_events_dropped_total',
      'Events that start no run, and functions an event did not match, by reason; duplicates included.',
      ['reason'],
    ),
    eventDelay: histogram(
      'sluice_event_delivery_delay_seconds',
      "Time from MinIO's event to the admission of a new run; later copies of the event do not count.",
      [],
      DELAY_SECONDS,
    ),
    admitted: counter(
      'sluice_admissions_total',
      'Matches of an event and a function: new runs, second copies by the other target, real duplicates, low runs lifted.',
      ['function', 'outcome'],
    ),
    admitSeconds: histogram(
      'sluice_admit_batch_seconds',
      'Time to store one batch of notifications in Redis.',
      [],
      STORE_SECONDS,
    ),
    starts: counter('sluice_function_starts_total', 'Attempts started, by trigger.', ['function', 'trigger']),
    invocations: counter('sluice_function_invocations_total', 'Attempts ended, by outcome.', [
      'function',
      'status',
    ]),
    /** Its exemplars name runs. */
    duration: distribution(
      'sluice_function_duration_seconds',
      'Time from claim to outcome, commit included.',
      RUN_SECONDS,
    ),
    active: gauge('sluice_function_active_invocations', 'Attempts in progress.', ['function']),
    strays: gauge(
      'sluice_function_stray_handlers',
      'Handlers that ignore their signal and still run after their attempt has ended.',
      ['function'],
    ),
    limit: gauge(
      'sluice_function_concurrency_limit',
      'Most attempts that may be in progress at a time in these workers.',
      ['function'],
    ),
    paused: shared('sluice_function_paused', '1 while the function is paused by an operator.', ['function']),
    retries: counter('sluice_function_retries_total', 'Attempts after which the run waits for a retry.', [
      'function',
    ]),
    deadLetters: counter('sluice_dead_letters_total', 'Runs that became dead letters.', [
      'function',
      'reason',
    ]),
    startDelay: distribution(
      'sluice_function_start_delay_seconds',
      'Time from admission to claim.',
      DELAY_SECONDS,
    ),
    endToEnd: distribution(
      'sluice_event_end_to_end_seconds',
      "Time from MinIO's event to the committed result.",
      RUN_SECONDS,
    ),
    inputBytes: counter('sluice_function_input_bytes_total', 'Bytes of sources of successful runs.', [
      'function',
    ]),
    outputBytes: counter('sluice_function_output_bytes_total', 'Bytes of committed results.', ['function']),
    reclaimed: counter('sluice_queue_reclaimed_total', 'Runs taken back from lost workers.', [
      'function',
      'outcome',
    ]),
    commits: counter('sluice_commits_total', 'Commits, by outcome.', ['function', 'outcome']),
    buildInfo: shared('sluice_build_info', 'Version of the runtime and of Node; always 1.', [
      'version',
      'node',
    ]),
    httpSeconds: histogram(
      'http_request_duration_seconds',
      'Duration of requests to the API, by route pattern.',
      ['method', 'route', 'status_class'],
      STORE_SECONDS,
    ),
    httpInFlight: gauge('http_requests_in_flight', 'Requests to the API in progress.', []),
    scratchFree: shared('sluice_scratch_free_bytes', 'Free space of the file system for scratch files.', []),
    scratchSize: shared('sluice_scratch_size_bytes', 'Size of the file system for scratch files.', []),
    info: shared('sluice_function_info', 'Functions of this runtime.', ['function', 'version']),
    intakePauses: counter(
      'sluice_intake_pauses_total',
      'Times the intake paused because Redis did not accept its batch: Redis is away or full, or a key has another type.',
      [],
    ),
    redisLost: counter(
      'sluice_redis_connections_lost_total',
      'Command connections that were closed, could not be opened, or were given up without an answer.',
      [],
    ),
    redisConnected: shared('sluice_redis_connected', '1 while the command connection is ready.', []),
    janitorRemoved: counter(
      'sluice_janitor_removed_total',
      'Removed as no longer needed: folders of attempts, files in them, consumers and runs in Redis.',
      ['what'],
    ),
    sweepHealed: counter(
      'sluice_sweep_healed_total',
      'Uploads and deletions that the sweep found unprocessed and handled, by reason.',
      ['reason'],
    ),
    sweepObjects: counter('sluice_sweep_objects_total', 'Keys examined by the sweep.', []),
    sweepPasses: counter(
      'sluice_sweep_passes_total',
      'Passes of the sweep, by outcome: an interrupted pass is resumed, a failed one is followed by another.',
      ['kind', 'outcome'],
    ),
    sweepCompleted: shared(
      'sluice_sweep_last_completed_timestamp_seconds',
      'End of the last full sweep (Unix time).',
      ['kind'],
    ),
    sweepReported: shared(
      'sluice_sweep_reported',
      'Uploads without a run that the last full sweep left alone, by reason.',
      ['reason'],
    ),
    draining: shared('sluice_draining', '1 while the process drains after SIGTERM.', []),
    storageTroubles: counter(
      'sluice_storage_troubles_total',
      'Failed attempts at calls to the object store, also when a later attempt succeeded, by cause: network, server, lack of space, refused account, wrong clock.',
      ['trouble'],
    ),
    storageSeconds: histogram(
      'sluice_storage_operation_duration_seconds',
      'Duration of calls to the object store, retries included.',
      ['operation', 'outcome'],
      STORE_SECONDS,
    ),
  }
}
