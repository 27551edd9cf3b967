/** The row about the machine in the dashboard of servers. @module */
import type { Panel, Row } from './panel.ts'
import { rate } from './promql.ts'

const graph = (panel: Omit<Panel, 'kind' | 'width'>): Panel => ({ kind: 'timeseries', width: 8, ...panel })

export const machine: Row = {
  title: 'The machine',
  panels: [
    graph({
      title: 'CPU',
      description: 'Share of all cores in use.',
      unit: 'percentunit',
      max: 1,
      queries: [
        {
          expr: '1 - avg by (instance) (rate(node_cpu_seconds_total{mode="idle"}[$__rate_interval]))',
          legend: '{{instance}}',
        },
      ],
    }),
    graph({
      title: 'Memory',
      description: 'Available memory can be used without swapping.',
      unit: 'bytes',
      queries: [
        { expr: 'node_memory_MemAvailable_bytes', legend: 'available' },
        { expr: 'node_memory_MemTotal_bytes', legend: 'all' },
      ],
    }),
    graph({
      title: 'Disks',
      description: 'Free share of each file system.',
      unit: 'percentunit',
      max: 1,
      queries: [
        {
          expr: 'min by (device) (node_filesystem_avail_bytes{fstype!~"tmpfs|overlay|squashfs"} / node_filesystem_size_bytes)',
          legend: '{{device}}',
        },
      ],
    }),
    graph({
      title: 'Network',
      description: 'Traffic without loopback.',
      unit: 'Bps',
      queries: [
        { expr: rate('node_network_receive_bytes_total{device!="lo"}'), legend: 'in' },
        { expr: rate('node_network_transmit_bytes_total{device!="lo"}'), legend: 'out' },
      ],
    }),
    graph({
      title: 'Load',
      description: 'Processes that need a core, mean over one minute.',
      unit: 'short',
      queries: [{ expr: 'node_load1', legend: '{{instance}}' }],
    }),
    graph({
      title: 'Prometheus',
      description: 'Number of series in its memory.',
      unit: 'short',
      queries: [{ expr: 'prometheus_tsdb_head_series', legend: 'series' }],
    }),
  ],
}
