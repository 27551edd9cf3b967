/** The row about the reception of streams in the dashboard of the processing. @module */
import type { Panel, Row } from './panel.ts'
import { quantile, rate, shared } from './promql.ts'

const graph = (panel: Omit<Panel, 'kind' | 'width'>): Panel => ({ kind: 'timeseries', width: 8, ...panel })

export const streams: Row = {
  title: 'Streams',
  panels: [
    graph({
      title: 'Streams',
      description: 'live, waiting for their sender, and away: a pull is wanted and nothing comes.',
      unit: 'short',
      queries: [{ expr: shared('sluice_streams', 'state'), legend: '{{state}}' }],
    }),
    graph({
      title: 'Bytes received',
      description: 'Stored pieces per second, by door.',
      unit: 'Bps',
      isStacked: true,
      queries: [{ expr: rate('sluice_stream_piece_bytes_total', 'door'), legend: '{{door}}' }],
    }),
    graph({
      title: 'Lag of pieces',
      description:
        'Time from the end of a piece to its acknowledgement by MinIO. Players fall behind by as much.',
      unit: 's',
      queries: [
        { expr: quantile(0.5, 'sluice_stream_piece_lag_seconds', ''), legend: 'p50' },
        { expr: quantile(0.95, 'sluice_stream_piece_lag_seconds', ''), legend: 'p95' },
      ],
    }),
    graph({
      title: 'Media that was lost',
      description:
        'Seconds of media per second that were received and lost, by reason. Anything but 0 raises an alert.',
      unit: 's',
      queries: [{ expr: rate('sluice_stream_dropped_seconds_total', 'reason'), legend: '{{reason}}' }],
    }),
    graph({
      title: 'Ends of connections',
      description: 'By reason. sender-lost again and again means a bad network or a sender that crashes.',
      unit: 'ops',
      isStacked: true,
      queries: [
        { expr: rate('sluice_stream_takes_total', 'end'), legend: '{{end}}' },
        { expr: rate('sluice_stream_refused_total', 'reason'), legend: 'refused: {{reason}}' },
      ],
    }),
    graph({
      title: 'Spool',
      description:
        'Pieces that wait on disk for MinIO, and the limit, from which senders wait or lose pieces.',
      unit: 'bytes',
      queries: [
        { expr: 'sum by (instance) (sluice_stream_spool_bytes)', legend: '{{instance}} used' },
        { expr: 'sum by (instance) (sluice_stream_spool_limit_bytes)', legend: '{{instance}} limit' },
      ],
    }),
  ],
}
