/**
 * For every alert: series under which it fires, and series under which it must not. Values are close to the thresholds, so
 * that a rule with another threshold, another comparison or another `for` fails here. In the notation of promtool, a value a minute.
 * @module
 */
import { step, up, type AlertCase, type Series } from './alert-case.ts'
import { SERVER_CASES } from './prometheus-cases-servers.ts'
import { STREAM_CASES } from './prometheus-cases-streams.ts'

const of = (name: string, labels = 'function="cut"') => `${name}{${labels}}`
const attempts = (failed: number, succeeded: number, minutes: number): Series => ({
  [of('sluice_function_invocations_total', 'function="cut",status="dead"')]: `0+${failed}x${minutes}`,
  [of('sluice_function_invocations_total', 'function="cut",status="success"')]: `0+${succeeded}x${minutes}`,
})
const depth = (state: string) => of('sluice_queue_depth', `function="cut",state="${state}",instance="a"`)
const started = of('sluice_function_starts_total', 'function="cut",trigger="upload"')
const paused = of('sluice_function_paused')
const active = of('sluice_function_active_invocations')
const stalled: Series = { [depth('live')]: '1x40', [started]: '5x40', [active]: '0x40', [paused]: '0x40' }
const cut = { function: 'cut' }
const backlog = (waiting: string): Series => ({ [depth('live')]: waiting })

const RUNTIME_CASES: Readonly<Record<string, AlertCase>> = {
  FunctionErrorBudgetBurnFast: {
    fires: attempts(20, 80, 120),
    // Rates need two values.
    sinceMinutes: 1,
    labels: cut,
    silent: [attempts(12, 88, 120)],
    silentAtEnd: [
      // Over by now: the last five minutes have no errors.
      {
        [of('sluice_function_invocations_total', 'function="cut",status="dead"')]: '0+40x50 2000x30',
        [of('sluice_function_invocations_total', 'function="cut",status="success"')]: '0+80x80',
      },
      // Just begun: a small part of the hour.
      {
        [of('sluice_function_invocations_total', 'function="cut",status="dead"')]: '0x75 0+20x4',
        [of('sluice_function_invocations_total', 'function="cut",status="success"')]: '0+80x80',
      },
    ],
  },
  FunctionErrorBudgetBurnSlow: {
    fires: attempts(8, 92, 420),
    sinceMinutes: 1,
    labels: cut,
    silent: [attempts(5, 95, 420)],
    silentAtEnd: [
      {
        [of('sluice_function_invocations_total', 'function="cut",status="dead"')]: '0+20x300 6000x120',
        [of('sluice_function_invocations_total', 'function="cut",status="success"')]: '0+80x420',
      },
      {
        [of('sluice_function_invocations_total', 'function="cut",status="dead"')]: '0x390 0+10x30',
        [of('sluice_function_invocations_total', 'function="cut",status="success"')]: '0+80x420',
      },
    ],
  },
  HandlersIgnoreTheirSignal: {
    fires: { [of('sluice_function_stray_handlers')]: '1x30' },
    labels: cut,
    silent: [{ [of('sluice_function_stray_handlers')]: '1x10 0x20' }],
  },
  DebtsSetAside: {
    fires: { [of('sluice_debts_set_aside', 'instance="a"')]: '3x10 4x30' },
    sinceMinutes: 11,
    silent: [{ [of('sluice_debts_set_aside', 'instance="a"')]: '3x40' }],
  },
  RuntimeDown: {
    fires: { [up('runtime')]: '0x10' },
    labels: { job: 'runtime', instance: 'runtime:1' },
    silent: [{ [up('runtime')]: '1x30' }],
  },
  RuntimeWithoutRedis: {
    fires: { 'sluice_redis_connected{instance="a"}': '0x10' },
    labels: { instance: 'a' },
    silent: [{ 'sluice_redis_connected{instance="a"}': '1x30' }],
  },
  IntakePaused: {
    fires: { sluice_intake_pauses_total: '0+8x30' },
    sinceMinutes: 4,
    silent: [{ sluice_intake_pauses_total: '0+5x30' }],
  },
  StreamOfWrongType: {
    fires: { 'sluice_admissions_total{function="chunk",outcome="unplaced"}': step(20, 1) },
    sinceMinutes: 20,
    labels: { function: 'chunk' },
    silent: [
      { 'sluice_admissions_total{function="chunk",outcome="unplaced"}': '2x40' },
      { 'sluice_admissions_total{function="chunk",outcome="new"}': '0+1x40' },
    ],
  },
  InboxGrows: {
    fires: { 'sluice_inbox_depth{instance="a"}': '1200x30' },
    silent: [{ 'sluice_inbox_depth{instance="a"}': '900x30' }],
  },
  QueueBacklogGrowing: {
    fires: backlog('60+0.1x40'),
    sinceMinutes: 1,
    labels: cut,
    // Few; many but not more; many and less.
    silent: [backlog('40+0.1x40'), backlog('60x40'), backlog('99-1x38')],
  },
  QueueStalled: {
    fires: stalled,
    sinceMinutes: 1,
    labels: cut,
    silent: [
      { ...stalled, [depth('live')]: '0x40' },
      { ...stalled, [started]: '0+1x40' },
      { ...stalled, [active]: '1x40' },
      { ...stalled, [paused]: '1x40' },
      // Nothing waits, nothing has started.
      { [started]: '5x40', [depth('live')]: '0x40' },
    ],
  },
  OldestRunTooOld: {
    fires: { [of('sluice_queue_oldest_age_seconds')]: '1000x30', [depth('live')]: '1x30' },
    labels: cut,
    silent: [
      { [of('sluice_queue_oldest_age_seconds')]: '800x30', [depth('live')]: '1x30' },
      { [of('sluice_queue_oldest_age_seconds')]: '1000x30', [depth('live')]: '0x30' },
    ],
  },
  FunctionPausedLong: {
    fires: { [paused]: '1x400', [depth('low')]: '1x400' },
    labels: cut,
    silent: [
      { [paused]: '1x400', [depth('low')]: '0x400' },
      { [paused]: '0x400', [depth('low')]: '1x400' },
    ],
  },
  DeadLettersAppeared: {
    fires: { 'sluice_dead_letters_total{function="cut",reason="permanent"}': step(5, 1) },
    sinceMinutes: 5,
    labels: { ...cut, reason: 'permanent' },
    silent: [{ 'sluice_dead_letters_total{function="cut",reason="permanent"}': '3x30' }],
  },
  FunctionTimeouts: {
    fires: { [of('sluice_function_invocations_total', 'function="cut",status="stalled"')]: step(20, 2.9) },
    sinceMinutes: 21,
    labels: cut,
    silent: [{ [of('sluice_function_invocations_total', 'function="cut",status="timeout"')]: step(20, 1.8) }],
  },
  WorkersLost: {
    fires: { [of('sluice_queue_reclaimed_total', 'function="cut",outcome="requeued"')]: step(20, 4) },
    sinceMinutes: 20,
    silent: [{ [of('sluice_queue_reclaimed_total', 'function="cut",outcome="requeued"')]: step(20, 2.5) }],
  },
  BadNotifications: {
    fires: { 'sluice_events_dropped_total{reason="malformed"}': step(20, 1) },
    sinceMinutes: 20,
    silent: [
      { 'sluice_events_dropped_total{reason="unread"}': '2x40' },
      { 'sluice_events_dropped_total{reason="no-function"}': '0+1x40' },
    ],
  },
  EventsLostAndHealed: {
    fires: { 'sluice_sweep_healed_total{reason="lost-event"}': step(20, 1) },
    sinceMinutes: 20,
    silent: [
      { 'sluice_sweep_healed_total{reason="lost-event"}': '2x90' },
      { 'sluice_sweep_healed_total{reason="restored"}': '0+1x90' },
    ],
  },
  SweepOverdue: {
    fires: { 'sluice_sweep_last_completed_timestamp_seconds{kind="full"}': '0x3000' },
    sinceMinutes: 2881,
    silent: [{ 'sluice_sweep_last_completed_timestamp_seconds{kind="full"}': '60000x3000' }],
  },
  VerdictsOwed: {
    fires: { sluice_verdicts_owed: '1x40' },
    silent: [{ sluice_verdicts_owed: '0x40' }],
  },
  StoreTrouble: {
    fires: { 'sluice_storage_troubles_total{trouble="server"}': '0+4.5x40' },
    sinceMinutes: 5,
    labels: { trouble: 'server' },
    silent: [{ 'sluice_storage_troubles_total{trouble="network"}': '0+3x40' }],
  },
  StoreRefuses: {
    fires: { 'sluice_storage_troubles_total{trouble="full"}': '0+1x40' },
    sinceMinutes: 1,
    labels: { trouble: 'full' },
    silent: [
      { 'sluice_storage_troubles_total{trouble="full"}': '4x40' },
      { 'sluice_storage_troubles_total{trouble="network"}': '0+1x40' },
    ],
  },
  ScratchDiskLow: {
    fires: {
      'sluice_scratch_free_bytes{instance="a"}': '8x30',
      'sluice_scratch_size_bytes{instance="a"}': '100x30',
    },
    labels: { instance: 'a' },
    silent: [
      {
        'sluice_scratch_free_bytes{instance="a"}': '12x30',
        'sluice_scratch_size_bytes{instance="a"}': '100x30',
      },
    ],
  },
  EventLoopLagHigh: {
    fires: { 'nodejs_eventloop_lag_p99_seconds{job="runtime"}': '0.3x30' },
    labels: { job: 'runtime' },
    silent: [
      { 'nodejs_eventloop_lag_p99_seconds{job="runtime"}': '0.22x30' },
      { 'nodejs_eventloop_lag_p99_seconds{job="other"}': '1x30' },
    ],
  },
}

export const ALERT_CASES: Readonly<Record<string, AlertCase>> = {
  ...RUNTIME_CASES,
  ...STREAM_CASES,
  ...SERVER_CASES,
}

/** Rules that also fire if their series are missing. */
export const FIRES_WITHOUT_SERIES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  RuntimeDown: { job: 'runtime' },
  RedisDown: {},
  MinioDown: { job: 'minio' },
  AlertmanagerAway: {},
}
/** For the second half of a rule with `or`. */
export const FIRES_AS_WELL: Readonly<
  Record<string, { readonly series: Series; readonly sinceMinutes: number }>
> = {
  MinioEventsLost: { series: { minio_notify_events_skipped_total: '0+1x30' }, sinceMinutes: 1 },
}
