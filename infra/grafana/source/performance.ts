/** Dashboard: where the time goes, stage by stage, and what it costs. @module */
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
  description: 'The way of an upload stage by stage, and the machine below it.',
  rows: [
    {
      title: 'Stages of an upload (p95)',
      panels: [
        graph({
          title: 'Delivery',
          description:
            'From MinIO’s event time to the admission of a new run. 3 s are the turns of the durable target: then the fast one does not deliver.',
          unit: 's',
          queries: [p95('sluice_event_delivery_delay_seconds')],
        }),
        graph({
          title: 'Admission of a batch',
          description: 'Up to 64 notifications stored in Redis by one script.',
          unit: 's',
          queries: [p95('sluice_admit_batch_seconds')],
        }),
        graph({
          title: 'Waiting for a worker',
          description: 'From admission to claim.',
          unit: 's',
          queries: [p95('sluice_function_start_delay_seconds', 'function')],
        }),
        graph({
          title: 'Calls to the store',
          description: 'By operation, retries included.',
          unit: 's',
          queries: [p95('sluice_storage_operation_duration_seconds', 'operation')],
        }),
        graph({
          title: 'FFmpeg and ffprobe',
          description: 'How long a process runs; pauses for slow uploads count.',
          unit: 's',
          queries: [p95('sluice_ffmpeg_duration_seconds', 'profile')],
        }),
        graph({
          title: 'The API',
          description: 'Answers by route.',
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
          description: 'Media seconds in a second of FFmpeg; below 1 it is slower than it plays.',
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
          description: 'Cores that its processes use, counted when they end.',
          unit: 'none',
          queries: [{ expr: rate('sluice_ffmpeg_cpu_seconds_total', 'profile'), legend: '{{profile}}' }],
        }),
        graph({
          title: 'Memory of FFmpeg (p95)',
          description: 'The most that a process held. 4 GiB is where it is ended.',
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
          description: 'Of the process that lags most. Above 0.25 s a handler holds up its neighbours.',
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
          description: 'Share of a second, over all processes.',
          unit: 'percentunit',
          queries: [{ expr: rate('nodejs_gc_duration_seconds_sum', 'kind'), legend: '{{kind}}' }],
        }),
        graph({
          title: 'Memory',
          description: 'Of all processes of a runtime together, FFmpeg left out.',
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
          description: 'Cores that the processes of a runtime use, FFmpeg left out.',
          unit: 'none',
          queries: [
            { expr: rate('process_cpu_seconds_total{job="runtime"}', 'instance'), legend: '{{instance}}' },
          ],
        }),
        graph({
          title: 'Slots in use',
          description: 'Attempts going on, of those that may at a time; 1 means that runs wait.',
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
          description: 'And what is left in four hours if it goes on like this.',
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
          title: 'Redis, time a command',
          description: 'Mean of each command in Redis itself. Scripts (evalsha) do the work of the queue.',
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
          description: 'By kind of request, in MinIO itself, whose smallest step is 50 ms.',
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
          description: 'Bytes that clients send and get, the runtime among them.',
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
