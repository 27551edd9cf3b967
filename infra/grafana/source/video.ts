/** Dashboard: uploads, their results, and how long they take. @module */
import type { Dashboard } from './panel.ts'
import { streams } from './streams.ts'
import { CHOSEN, FAILED, quantile, rate, shared, STATUS_COLORS, total } from './promql.ts'

const attempts = (status: string) =>
  `sluice_function_invocations_total{function=~"$function",status=~"${status}"}`
const waiting = shared(
  'sum by (function, instance) (sluice_queue_depth{function=~"$function",state=~"live|low|solo"})',
)

export const video: Dashboard = {
  uid: 'sluice-video',
  title: 'Video processing',
  description: 'Uploads, attempts and results of all functions.',
  functions: 'many',
  rows: [
    {
      title: 'Now',
      panels: [
        {
          title: 'Attempts',
          description: 'Attempts that end per second.',
          kind: 'stat',
          unit: 'ops',
          width: 4,
          height: 4,
          decimals: 2,
          queries: [{ expr: rate(attempts('.*')) }],
        },
        {
          title: 'Success',
          description: 'Share of attempts that succeed; superseded and cancelled attempts do not count.',
          kind: 'stat',
          unit: 'percentunit',
          width: 4,
          height: 4,
          max: 1,
          limits: { warn: 0.99, bad: 0.9, isLowBad: true },
          queries: [{ expr: `${rate(attempts('success'))} / ${rate(attempts(`${FAILED}|success`))}` }],
        },
        {
          title: 'Waiting',
          description: 'Runs that no worker has taken. The link leads to them in the console.',
          kind: 'stat',
          links: [{ title: 'Waiting runs in the console', url: '/runs?status=queued' }],
          unit: 'short',
          width: 4,
          height: 4,
          limits: { warn: 50, bad: 500 },
          queries: [{ expr: `sum(${waiting})` }],
        },
        {
          title: 'In progress',
          description: 'Attempts in progress now. The link leads to them in the console.',
          kind: 'stat',
          links: [{ title: 'Running now, in the console', url: '/runs?status=running' }],
          unit: 'short',
          width: 4,
          height: 4,
          queries: [{ expr: `sum(sluice_function_active_invocations${CHOSEN})` }],
        },
        {
          title: 'Given up',
          description: 'Runs that became dead letters in the selected time. The link leads to the console.',
          kind: 'stat',
          links: [{ title: 'Dead letters in the console', url: '/dead-letters' }],
          unit: 'short',
          width: 4,
          height: 4,
          decimals: 0,
          limits: { warn: 1, bad: 10 },
          queries: [{ expr: total(`sluice_dead_letters_total${CHOSEN}`) }],
        },
        {
          title: 'Events',
          description: 'Notifications read per second; each upload is announced twice.',
          kind: 'stat',
          unit: 'ops',
          width: 4,
          height: 4,
          decimals: 2,
          queries: [{ expr: rate('sluice_events_received_total') }],
        },
      ],
    },
    {
      title: 'Attempts',
      panels: [
        {
          title: 'Attempts by function',
          description: 'Attempts that end per second.',
          kind: 'timeseries',
          unit: 'ops',
          width: 12,
          queries: [{ expr: rate(attempts('.*'), 'function'), legend: '{{function}}' }],
        },
        {
          title: 'Attempts by outcome',
          description:
            'success, or the reason: retry is retried, dead is given up, superseded has a newer upload.',
          kind: 'timeseries',
          unit: 'ops',
          width: 12,
          isStacked: true,
          colors: STATUS_COLORS,
          queries: [{ expr: rate(attempts('.*'), 'status'), legend: '{{status}}' }],
        },
        {
          title: 'Duration of an attempt',
          description: 'From claim to commit; half of the attempts take less than p50. Points name runs.',
          kind: 'timeseries',
          unit: 's',
          width: 12,
          hasExemplars: true,
          queries: [0.5, 0.95].map((q) => ({
            expr: quantile(q, 'sluice_function_duration_seconds', 'function', CHOSEN),
            legend: `{{function}} p${q * 100}`,
          })),
        },
        {
          title: 'From upload to result',
          description: 'From the time of MinIO’s event to the committed manifest, waiting included.',
          kind: 'timeseries',
          unit: 's',
          width: 12,
          queries: [0.5, 0.95].map((q) => ({
            expr: quantile(q, 'sluice_event_end_to_end_seconds', 'function', CHOSEN),
            legend: `{{function}} p${q * 100}`,
          })),
        },
      ],
    },
    {
      title: 'Queue',
      panels: [
        {
          title: 'Waiting runs',
          description: 'By function. The number grows when uploads arrive faster than they are finished.',
          kind: 'timeseries',
          unit: 'short',
          width: 8,
          queries: [{ expr: waiting, legend: '{{function}}' }],
        },
        {
          title: 'Age of the oldest run',
          description:
            'The oldest live upload that is waiting or running; a long encode looks the same as a full queue.',
          kind: 'timeseries',
          unit: 's',
          width: 8,
          queries: [{ expr: shared(`sluice_queue_oldest_age_seconds${CHOSEN}`), legend: '{{function}}' }],
        },
        {
          title: 'Slots in use',
          description: 'Attempts in progress as a share of the limit.',
          kind: 'bargauge',
          unit: 'percentunit',
          width: 8,
          max: 1,
          limits: { warn: 0.8, bad: 1 },
          queries: [
            {
              expr: `sum by (function) (sluice_function_active_invocations${CHOSEN}) / sum by (function) (sluice_function_concurrency_limit${CHOSEN})`,
              legend: '{{function}}',
            },
          ],
        },
      ],
    },
    streams,
    {
      title: 'Media',
      panels: [
        {
          title: 'Media time processed',
          description: 'Seconds of media per second, by kind of work; 1 is playback speed.',
          kind: 'timeseries',
          unit: 's',
          width: 8,
          queries: [{ expr: rate('sluice_media_seconds_processed_total', 'profile'), legend: '{{profile}}' }],
        },
        {
          title: 'FFmpeg processes',
          description:
            'Processes by outcome. failed is usually a broken file; aborted was ended by the runtime.',
          kind: 'timeseries',
          unit: 'ops',
          width: 8,
          isStacked: true,
          colors: { succeeded: 'green', failed: 'red', aborted: 'orange', unstartable: 'purple' },
          queries: [{ expr: rate('sluice_ffmpeg_runs_total', 'outcome'), legend: '{{outcome}}' }],
        },
        {
          title: 'Bytes in and out',
          description: 'Sources of successful runs, and committed results.',
          kind: 'timeseries',
          unit: 'Bps',
          width: 8,
          queries: [
            { expr: rate(`sluice_function_input_bytes_total${CHOSEN}`), legend: 'in' },
            { expr: rate(`sluice_function_output_bytes_total${CHOSEN}`), legend: 'out' },
          ],
        },
        {
          title: 'Given up, by reason',
          description: 'In the selected time. A row links to its dead letters in the console.',
          kind: 'table',
          unit: 'short',
          width: 24,
          height: 6,
          decimals: 0,
          hiddenColumns: ['Time'],
          links: [
            {
              title: 'Dead letters in the console',
              url: '/dead-letters?function=${__data.fields.function}&reason=${__data.fields.reason}',
            },
          ],
          queries: [
            { expr: `topk(20, ${total(`sluice_dead_letters_total${CHOSEN}`, 'function, reason')} > 0)` },
          ],
        },
      ],
    },
  ],
}
