/** Dashboard: the servers below, the alerts, and what heals itself. @module */
import { machine } from './machine.ts'
import type { Dashboard, Panel } from './panel.ts'
import { quantile, rate } from './promql.ts'

const graph = (panel: Omit<Panel, 'kind' | 'width'>): Panel => ({ kind: 'timeseries', width: 8, ...panel })
const UP = { 0: { text: 'down', color: 'red' }, 1: { text: 'up', color: 'green' } }

export const health: Dashboard = {
  uid: 'sluice-health',
  title: 'System health',
  description: 'Redis, MinIO, the machine, and what the runtime notices of them.',
  rows: [
    {
      title: 'Is everything there?',
      panels: [
        {
          title: 'Targets',
          description: 'What Prometheus reaches. down for a minute is an alert.',
          kind: 'state-timeline',
          unit: 'short',
          width: 12,
          words: UP,
          queries: [{ expr: 'min by (job) (up)', legend: '{{job}}' }],
        },
        {
          title: 'Alerts that fire',
          description:
            'Of Prometheus. What to do is in docs/runbooks.md under the name of the alert. Watchdog always fires.',
          kind: 'table',
          unit: 'short',
          width: 12,
          hiddenColumns: ['Time', 'Value', '__name__', 'alertstate'],
          queries: [{ expr: 'ALERTS{alertstate="firing"}' }],
        },
      ],
    },
    {
      title: 'Redis',
      panels: [
        graph({
          title: 'Memory',
          description: 'When used reaches max, new runs are refused and notifications wait.',
          unit: 'bytes',
          queries: [
            { expr: 'redis_memory_used_bytes', legend: 'used' },
            { expr: 'redis_memory_max_bytes > 0 or redis_total_system_memory_bytes', legend: 'max' },
          ],
        }),
        graph({
          title: 'Commands',
          description: 'A second; scripts count as one.',
          unit: 'ops',
          queries: [{ expr: rate('redis_commands_processed_total'), legend: 'commands' }],
        }),
        graph({
          title: 'Clients',
          description: 'blocked ones wait for news: one for each intake.',
          unit: 'short',
          queries: [
            { expr: 'redis_connected_clients', legend: 'connected' },
            { expr: 'redis_blocked_clients', legend: 'blocked' },
          ],
        }),
        graph({
          title: 'Append-only file',
          description: 'Its size; it is written anew when it has doubled.',
          unit: 'bytes',
          queries: [{ expr: 'redis_aof_current_size_bytes', legend: 'size' }],
        }),
        graph({
          title: 'Notifications',
          description: 'Waiting to be read, and set aside since they are none.',
          unit: 'short',
          queries: [
            { expr: 'max(sluice_inbox_depth)', legend: 'waiting' },
            { expr: 'max(sluice_bad_notifications)', legend: 'set aside' },
          ],
        }),
        graph({
          title: 'Slow commands, last write',
          description: 'Entries of the slow log, and 1 while the last write to its file was well.',
          unit: 'short',
          queries: [
            { expr: 'redis_slowlog_length', legend: 'slow commands' },
            { expr: 'redis_aof_last_write_status', legend: 'last write was well' },
          ],
        }),
      ],
    },
    {
      title: 'MinIO',
      panels: [
        graph({
          title: 'Requests',
          description: 'A second, by kind.',
          unit: 'reqps',
          isStacked: true,
          queries: [{ expr: `${rate('minio_s3_requests_total', 'api')} > 0`, legend: '{{api}}' }],
        }),
        graph({
          title: 'Answers that are errors',
          description: '4xx are usual (the runtime asks for what may not be there); 5xx are not.',
          unit: 'reqps',
          queries: [
            { expr: `${rate('minio_s3_requests_4xx_errors_total')} or vector(0)`, legend: '4xx' },
            {
              expr: `(${rate('minio_s3_requests_errors_total')} - ${rate('minio_s3_requests_4xx_errors_total')}) or vector(0)`,
              legend: '5xx',
            },
          ],
        }),
        graph({
          title: 'Time to first byte (p95)',
          description: 'In MinIO itself, whose smallest step is 50 ms.',
          unit: 's',
          queries: [
            {
              expr: 'histogram_quantile(0.95, sum by (le) (rate(minio_s3_requests_ttfb_seconds_distribution[$__rate_interval])))',
              legend: 'p95',
            },
          ],
        }),
        graph({
          title: 'Events for Redis',
          description: 'MinIO counts failed ones as sent too. What fails at FAST is sent again by DURABLE.',
          unit: 'ops',
          queries: [
            { expr: rate('minio_notify_target_total_events', 'target_id'), legend: '{{target_id}} sent' },
            { expr: rate('minio_notify_target_failed_events', 'target_id'), legend: '{{target_id}} failed' },
          ],
        }),
        graph({
          title: 'Events in the queue folder',
          description: 'On disk, not yet in Redis.',
          unit: 'short',
          queries: [
            { expr: 'sum by (target_id) (minio_notify_target_queue_length)', legend: '{{target_id}}' },
          ],
        }),
        graph({
          title: 'Space',
          description: 'For objects, after redundancy.',
          unit: 'bytes',
          queries: [
            { expr: 'minio_cluster_capacity_usable_free_bytes', legend: 'free' },
            { expr: 'minio_cluster_capacity_usable_total_bytes', legend: 'all' },
          ],
        }),
        graph({
          title: 'Bytes in buckets',
          description:
            'As MinIO’s scanner last counted them, old versions included; it appears some minutes after the start.',
          unit: 'bytes',
          isStacked: true,
          queries: [{ expr: 'max by (bucket) (minio_bucket_usage_total_bytes)', legend: '{{bucket}}' }],
        }),
        graph({
          title: 'Trouble seen by the runtime',
          description: 'Tries that failed, by kind, also when a later one succeeded.',
          unit: 'ops',
          queries: [{ expr: rate('sluice_storage_troubles_total', 'trouble'), legend: '{{trouble}}' }],
        }),
        graph({
          title: 'Calls of the runtime (p95)',
          description: 'Retries included, by outcome.',
          unit: 's',
          queries: [
            {
              expr: quantile(0.95, 'sluice_storage_operation_duration_seconds', 'outcome'),
              legend: '{{outcome}}',
            },
          ],
        }),
      ],
    },
    {
      title: 'What heals itself',
      panels: [
        graph({
          title: 'Healed by the sweep',
          description:
            'What was found undone and seen to. lost-event says that the way from MinIO to Redis is broken.',
          unit: 'ops',
          isStacked: true,
          queries: [{ expr: rate('sluice_sweep_healed_total', 'reason'), legend: '{{reason}}' }],
        }),
        graph({
          title: 'Since the last full sweep',
          description: 'Two days are an alert.',
          unit: 's',
          queries: [
            {
              expr: 'time() - max by (kind) (sluice_sweep_last_completed_timestamp_seconds)',
              legend: '{{kind}}',
            },
          ],
        }),
        graph({
          title: 'Owed',
          description:
            'Verdicts and removals that the store has not yet taken, those that were set aside because it never will, and runs that wait for another try.',
          unit: 'short',
          queries: [
            { expr: 'max(sluice_verdicts_owed)', legend: 'verdicts' },
            { expr: 'max(sluice_cleanup_owed)', legend: 'removals' },
            { expr: 'max(sluice_debts_set_aside)', legend: 'set aside' },
            { expr: 'max(sluice_queue_delayed)', legend: 'another try' },
          ],
        }),
      ],
    },
    machine,
  ],
}
