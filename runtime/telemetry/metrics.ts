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

/** Metrics that functions bring along, such as those of the FFmpeg seam. */
export const functionMetrics = new Registry()

/** Each bucket is a series for every function, and twice for durations: few, and close together where people wait. */
const RUN_SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1_800]
const DELAY_SECONDS = [0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1, 3, 10, 60, 600]
const STORE_SECONDS = [0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]

/** Prometheus's own text, or OpenMetrics, which has exemplars. */
export type MetricsFormat = 'text' | 'openmetrics'

export type RuntimeMetrics = ReturnType<typeof createMetrics>

export function createMetrics() {
  // Of this type since exemplars want it; in which text it is exposed is decided there.
  const registry = new Registry<OpenMetricsContentType>()
  registry.setContentType(openMetricsContentType)
  collectDefaultMetrics({ register: registry })
  // Gauges with the name of a counter: promtool refuses them.
  for (const what of ['handles', 'requests', 'resources'])
    registry.removeSingleMetric(`nodejs_active_${what}_total`)
  // One process that lags is what matters: the mean of prom-client hides it among idle ones.
  for (const each of registry.getMetricsAsArray()) {
    if (each.name.startsWith('nodejs_eventloop_lag_')) Object.assign(each, { aggregator: 'max' })
  }
  const counter = <L extends string>(name: string, help: string, labelNames: readonly L[]) =>
    new Counter<L>({ name, help, labelNames: [...labelNames], registers: [registry] })
  /** The same in every process of a runtime, so the sum over them would be wrong. */
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

  return {
    registry,
    eventsReceived: counter(
      'sluice_events_received_total',
      'Events read from notifications, each copy counted.',
      ['source', 'event'],
    ),
    eventsDropped: counter(
      'sluice_events_dropped_total',
      'Events that start no run, and functions that an event does not match, by reason; each copy counted.',
      ['reason'],
    ),
    eventDelay: histogram(
      'sluice_event_delivery_delay_seconds',
      "From MinIO's event time to the admission of a new run; later copies of the event do not count.",
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
      'One batch of notifications stored in Redis.',
      [],
      STORE_SECONDS,
    ),
    starts: counter('sluice_function_starts_total', 'Attempts that began, by what asked for their runs.', [
      'function',
      'trigger',
    ]),
    invocations: counter('sluice_function_invocations_total', 'Attempts that ended, by how they ended.', [
      'function',
      'status',
    ]),
    /** Its exemplars name runs (`run` is a label of theirs; the types know only one list). */
    duration: new Histogram<'function' | 'status' | 'run'>({
      name: 'sluice_function_duration_seconds',
      help: 'From claim to outcome, commit included.',
      labelNames: ['function', 'status'],
      buckets: RUN_SECONDS,
      enableExemplars: true,
      registers: [registry],
    }),
    active: gauge('sluice_function_active_invocations', 'Attempts going on.', ['function']),
    strays: gauge(
      'sluice_function_stray_handlers',
      'Handlers that ignore their signal: their attempt has ended, and they go on.',
      ['function'],
    ),
    limit: gauge('sluice_function_concurrency_limit', 'Attempts that may go on at a time in these workers.', [
      'function',
    ]),
    paused: shared('sluice_function_paused', '1 while an operator has paused it.', ['function']),
    retries: counter('sluice_function_retries_total', 'Attempts after which the run waits for another.', [
      'function',
    ]),
    deadLetters: counter('sluice_dead_letters_total', 'Runs given up.', ['function', 'reason']),
    startDelay: histogram(
      'sluice_function_start_delay_seconds',
      'From admission to claim: how long a run waited.',
      ['function'],
      DELAY_SECONDS,
    ),
    endToEnd: histogram(
      'sluice_event_end_to_end_seconds',
      "From MinIO's event time to the committed result.",
      ['function'],
      RUN_SECONDS,
    ),
    inputBytes: counter('sluice_function_input_bytes_total', 'Bytes of sources of successful runs.', [
      'function',
    ]),
    outputBytes: counter('sluice_function_output_bytes_total', 'Bytes of committed results.', ['function']),
    reclaimed: counter('sluice_queue_reclaimed_total', 'Runs taken back from workers that were lost.', [
      'function',
      'outcome',
    ]),
    commits: counter('sluice_commits_total', 'How commits ended.', ['function', 'outcome']),
    buildInfo: shared('sluice_build_info', 'What runs here; always 1.', ['version', 'node']),
    httpSeconds: histogram(
      'http_request_duration_seconds',
      'Requests to the API, by route pattern.',
      ['method', 'route', 'status_class'],
      STORE_SECONDS,
    ),
    httpInFlight: gauge('http_requests_in_flight', 'Requests to the API that are not answered yet.', []),
    scratchFree: shared('sluice_scratch_free_bytes', 'Free space where attempts keep their files.', []),
    scratchSize: shared('sluice_scratch_size_bytes', 'Size of that file system.', []),
    info: shared('sluice_function_info', 'Functions of this runtime.', ['function', 'version']),
    intakePauses: counter(
      'sluice_intake_pauses_total',
      'Times when Redis did not take what the intake had read: it is away, full, or a key has another type.',
      [],
    ),
    redisLost: counter(
      'sluice_redis_connections_lost_total',
      'Command connections that ended, could not be made, or were given up because nothing answered.',
      [],
    ),
    redisConnected: shared('sluice_redis_connected', '1 while the command connection is ready.', []),
    janitorRemoved: counter(
      'sluice_janitor_removed_total',
      'What was removed since nothing needs it: folders of attempts, files in them, consumers and runs in Redis.',
      ['what'],
    ),
    sweepHealed: counter(
      'sluice_sweep_healed_total',
      'What the sweep found undone and has seen to, by reason.',
      ['reason'],
    ),
    sweepObjects: counter('sluice_sweep_objects_total', 'Keys that the sweep has looked at.', []),
    sweepPasses: counter(
      'sluice_sweep_passes_total',
      'Passes of the sweep: an interrupted one is taken up again, after one that has failed another begins.',
      ['kind', 'outcome'],
    ),
    sweepCompleted: shared(
      'sluice_sweep_last_completed_timestamp_seconds',
      'When the last pass about everything came to its end.',
      ['kind'],
    ),
    sweepReported: shared(
      'sluice_sweep_reported',
      'Uploads without a run which the last full pass has left alone, by reason.',
      ['reason'],
    ),
    draining: shared('sluice_draining', '1 while SIGTERM drains.', []),
    storageTroubles: counter(
      'sluice_storage_troubles_total',
      'Tries of calls to the object store that failed, also when a later one succeeded: by the network, by the server, by lack of room, by refusal of the account, by a wrong clock.',
      ['trouble'],
    ),
    storageSeconds: histogram(
      'sluice_storage_operation_duration_seconds',
      'Calls to the object store, retries included.',
      ['operation', 'outcome'],
      STORE_SECONDS,
    ),
  }
}
