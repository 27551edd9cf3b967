/** Dashboard: the time and the resources of each stage. @module */
import type { Dashboard, Panel } from './panel.ts'
import { quantile, rate } from './promql.ts'

const graph = (panel: Omit<Panel, 'kind' | 'width'>): Panel => ({ kind: 'timeseries', width: 8, ...panel })
const p95 = (histogram: string, by = '', labels = '') => ({
  expr: quantile(0.95, histogram, by, labels),
  legend: by === '' ? 'p95' : `{{${by}}}`,
})

export const performance: Dashboard = {
  uid: 'sluice-performance',
  title: 'Performance',
  description: 'Each stage of an upload, and the machine.',
  rows: [
    {
      title: 'Stages of an upload (p95)',
      panels: [
        graph({
          title: 'Delivery',
          description:
            'From MinIO’s event time to the admission of a new run. 3 s is the interval of the durable target: the fast target does not deliver then.',
          unit: 's',
          queries: [p95('sluice_event_delivery_delay_seconds')],
        }),
        graph({
          title: 'Admission of a batch',
          description: 'Time to store up to 64 notifications in Redis with one script.',
          unit: 's',
          queries: [p95('sluice_admit_batch_seconds')],
        }),
        graph({
          title: 'Waiting for a worker',
          description: 'Time from admission to claim.',
          unit: 's',
          queries: [p95('sluice_function_start_delay_seconds', 'function')],
        }),
        graph({
          title: 'Calls to the store',
          description: 'By operation, including retries.',
          unit: 's',
          queries: [p95('sluice_storage_operation_duration_seconds', 'operation')],
        }),
        graph({
          title: 'FFmpeg and ffprobe',
          description: 'Run time of a process, including pauses for slow uploads.',
          unit: 's',
          queries: [p95('sluice_ffmpeg_duration_seconds', 'profile')],
        }),
        graph({
          title: 'The API',
          description: 'Response time by route.',
          unit: 's',
          queries: [p95('http_request_duration_seconds', 'route')],
        }),
      ],
    },
    {
      title: 'Media',
      panels: [
        graph({
          title: 'Speed',
          description: 'Media seconds per second of FFmpeg; below 1 it is slower than playback.',
          unit: 'none',
          queries: [
            {
              expr: `${rate('sluice_media_seconds_processed_total', 'profile')} / ${rate('sluice_ffmpeg_duration_seconds_sum', 'profile')}`,
              legend: '{{profile}}',
            },
          ],
        }),
        graph({
          title: 'CPU of FFmpeg',
          description: 'Cores used by its processes, counted when they end.',
          unit: 'none',
          queries: [{ expr: rate('sluice_ffmpeg_cpu_seconds_total', 'profile'), legend: '{{profile}}' }],
        }),
        graph({
          title: 'Memory of FFmpeg (p95)',
          description: 'Peak memory of a process. A process that reaches 4 GiB is ended.',
          unit: 'bytes',
          queries: [p95('sluice_ffmpeg_max_rss_bytes', 'profile')],
        }),
      ],
    },
    {
      title: 'The runtime',
      panels: [
        graph({
          title: 'Event loop lag (p99)',
          description:
            'The process with the largest lag. Above 0.25 s a handler delays the others in its process.',
          unit: 's',
          queries: [
            {
              expr: 'max by (instance) (nodejs_eventloop_lag_p99_seconds{job="runtime"})',
              legend: '{{instance}}',
            },
          ],
        }),
        graph({
          title: 'Garbage collection',
          description: 'Seconds per second, over all processes.',
          unit: 'percentunit',
          queries: [{ expr: rate('nodejs_gc_duration_seconds_sum', 'kind'), legend: '{{kind}}' }],
        }),
        graph({
          title: 'Memory',
          description: 'All processes of a runtime together, without FFmpeg.',
          unit: 'bytes',
          queries: [
            {
              expr: 'sum by (instance) (process_resident_memory_bytes{job="runtime"})',
              legend: '{{instance}} resident',
            },
            {
              expr: 'sum by (instance) (nodejs_heap_size_used_bytes{job="runtime"})',
              legend: '{{instance}} heap',
            },
          ],
        }),
        graph({
          title: 'CPU',
          description: 'Cores used by the processes of a runtime, without FFmpeg.',
          unit: 'none',
          queries: [
            { expr: rate('process_cpu_seconds_total{job="runtime"}', 'instance'), legend: '{{instance}}' },
          ],
        }),
        graph({
          title: 'Slots in use',
          description: 'Attempts in progress as a share of the limit; at 1, runs wait.',
          unit: 'percentunit',
          queries: [
            {
              expr: 'sum by (function) (sluice_function_active_invocations) / sum by (function) (sluice_function_concurrency_limit)',
              legend: '{{function}}',
            },
          ],
        }),
        graph({
          title: 'Scratch space left',
          description: 'And the forecast for four hours at this rate.',
          unit: 'bytes',
          queries: [
            { expr: 'min(sluice_scratch_free_bytes)', legend: 'now' },
            {
              expr: 'clamp(min(predict_linear(sluice_scratch_free_bytes[1h], 4 * 3600)), 0, scalar(max(sluice_scratch_size_bytes)))',
              legend: 'in four hours',
            },
          ],
        }),
        graph({
          title: 'Redis, time per command',
          description:
            'Mean time of each command in Redis itself. Scripts (evalsha) do the work of the queue.',
          unit: 's',
          queries: [
            {
              expr: `topk(5, ${rate('redis_commands_duration_seconds_total', 'cmd')} / (${rate('redis_commands_total', 'cmd')} > 0))`,
              legend: '{{cmd}}',
            },
          ],
        }),
        graph({
          title: 'MinIO, time to first byte (p95)',
          description: 'By kind of request, measured in MinIO itself, whose smallest bucket is 50 ms.',
          unit: 's',
          queries: [
            {
              expr: 'histogram_quantile(0.95, sum by (le, api) (rate(minio_s3_requests_ttfb_seconds_distribution[$__rate_interval])))',
              legend: '{{api}}',
            },
          ],
        }),
        graph({
          title: 'MinIO, traffic',
          description: 'Bytes that clients send and receive, including the runtime.',
          unit: 'Bps',
          queries: [
            { expr: rate('minio_s3_traffic_received_bytes'), legend: 'in' },
            { expr: rate('minio_s3_traffic_sent_bytes'), legend: 'out' },
          ],
        }),
      ],
    },
  ],
}
