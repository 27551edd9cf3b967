/** Dashboard: the servers, the alerts, and self-healing. @module */
import { machine } from './machine.ts'
import type { Dashboard, Panel } from './panel.ts'
import { quantile, rate } from './promql.ts'

const graph = (panel: Omit<Panel, 'kind' | 'width'>): Panel => ({ kind: 'timeseries', width: 8, ...panel })
const UP = { 0: { text: 'down', color: 'red' }, 1: { text: 'up', color: 'green' } }

export const health: Dashboard = {
  uid: 'sluice-health',
  title: 'System health',
  description: 'Redis, MinIO, the machine, and errors of the two servers that the runtime sees.',
  rows: [
    {
      title: 'Status',
      panels: [
        {
          title: 'Targets',
          description:
            'The targets that Prometheus can reach. A target that is down for a minute raises an alert.',
          kind: 'state-timeline',
          unit: 'short',
          width: 12,
          words: UP,
          queries: [{ expr: 'min by (job) (up)', legend: '{{job}}' }],
        },
        {
          title: 'Firing alerts',
          description:
            'From Prometheus. docs/runbooks.md has the steps to take, by the name of the alert. Watchdog always fires.',
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
          description: 'Commands per second; a script counts as one.',
          unit: 'ops',
          queries: [{ expr: rate('redis_commands_processed_total'), legend: 'commands' }],
        }),
        graph({
          title: 'Clients',
          description: 'blocked clients wait for new entries: one for each intake.',
          unit: 'short',
          queries: [
            { expr: 'redis_connected_clients', legend: 'connected' },
            { expr: 'redis_blocked_clients', legend: 'blocked' },
          ],
        }),
        graph({
          title: 'Append-only file',
          description: 'The size of the file; Redis rewrites it when it has doubled.',
          unit: 'bytes',
          queries: [{ expr: 'redis_aof_current_size_bytes', legend: 'size' }],
        }),
        graph({
          title: 'Notifications',
          description: 'Waiting, and set aside as malformed.',
          unit: 'short',
          queries: [
            { expr: 'max(sluice_inbox_depth)', legend: 'waiting' },
            { expr: 'max(sluice_bad_notifications)', legend: 'set aside' },
          ],
        }),
        graph({
          title: 'Slow commands, last write',
          description: 'Entries of the slow log, and 1 if the last AOF write succeeded.',
          unit: 'short',
          queries: [
            { expr: 'redis_slowlog_length', legend: 'slow commands' },
            { expr: 'redis_aof_last_write_status', legend: 'last write succeeded' },
          ],
        }),
      ],
    },
    {
      title: 'MinIO',
      panels: [
        graph({
          title: 'Requests',
          description: 'Requests per second, by kind.',
          unit: 'reqps',
          isStacked: true,
          queries: [{ expr: `${rate('minio_s3_requests_total', 'api')} > 0`, legend: '{{api}}' }],
        }),
        graph({
          title: 'Error responses',
          description: '4xx are normal (the runtime asks for objects that may not exist); 5xx are not.',
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
          description: 'Measured in MinIO itself, whose smallest bucket is 50 ms.',
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
          description:
            'MinIO counts failed events as sent too. Events that fail at FAST are sent again by DURABLE.',
          unit: 'ops',
          queries: [
            { expr: rate('minio_notify_target_total_events', 'target_id'), legend: '{{target_id}} sent' },
            { expr: rate('minio_notify_target_failed_events', 'target_id'), legend: '{{target_id}} failed' },
          ],
        }),
        graph({
          title: 'Events in the queue folder',
          description: 'Events on disk that are not yet in Redis.',
          unit: 'short',
          queries: [
            { expr: 'sum by (target_id) (minio_notify_target_queue_length)', legend: '{{target_id}}' },
          ],
        }),
        graph({
          title: 'Space',
          description: 'Space for objects, after redundancy.',
          unit: 'bytes',
          queries: [
            { expr: 'minio_cluster_capacity_usable_free_bytes', legend: 'free' },
            { expr: 'minio_cluster_capacity_usable_total_bytes', legend: 'all' },
          ],
        }),
        graph({
          title: 'Bytes in buckets',
          description:
            'The last count of MinIO’s scanner, including old versions; it appears some minutes after the start.',
          unit: 'bytes',
          isStacked: true,
          queries: [{ expr: 'max by (bucket) (minio_bucket_usage_total_bytes)', legend: '{{bucket}}' }],
        }),
        graph({
          title: 'Errors seen by the runtime',
          description: 'Failed calls by kind, including those whose retry succeeded.',
          unit: 'ops',
          queries: [{ expr: rate('sluice_storage_troubles_total', 'trouble'), legend: '{{trouble}}' }],
        }),
        graph({
          title: 'Calls of the runtime (p95)',
          description: 'Duration including retries, by outcome.',
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
      title: 'Self-healing',
      panels: [
        graph({
          title: 'Healed by the sweep',
          description:
            'Uploads and removals that the sweep found unhandled, and handled. lost-event means that the path from MinIO to Redis is broken.',
          unit: 'ops',
          isStacked: true,
          queries: [{ expr: rate('sluice_sweep_healed_total', 'reason'), legend: '{{reason}}' }],
        }),
        graph({
          title: 'Since the last full sweep',
          description: 'Time since the last sweep; two days raise an alert.',
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
            'Verdicts and removals that the store has not yet accepted, those set aside because it never will, and runs that wait for a retry.',
          unit: 'short',
          queries: [
            { expr: 'max(sluice_verdicts_owed)', legend: 'verdicts' },
            { expr: 'max(sluice_cleanup_owed)', legend: 'removals' },
            { expr: 'max(sluice_debts_set_aside)', legend: 'set aside' },
            { expr: 'max(sluice_queue_delayed)', legend: 'retry' },
          ],
        }),
      ],
    },
    machine,
  ],
}
