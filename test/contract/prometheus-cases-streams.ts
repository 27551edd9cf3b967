/** Cases of the alerts about streams: see `prometheus-cases.ts`. @module */
import { step, up, type AlertCase, type Series } from './alert-case.ts'

const dropped = 'sluice_stream_dropped_seconds_total{reason="spool-full"}'
const takes = (end: string) => `sluice_stream_takes_total{door="rtmp",end="${end}"}`
const spool = (bytes: string, limit = '100x30'): Series => ({
  'sluice_stream_spool_bytes{instance="r"}': bytes,
  'sluice_stream_spool_limit_bytes{instance="r"}': limit,
})
/** A hundred pieces a minute of 4 s, of which so many are stored within 4 and within 8 s. */
const lag = (within4: number, within8: number, minutes = 30): Series => ({
  'sluice_stream_piece_lag_seconds_bucket{le="4"}': `0+${within4}x${minutes}`,
  'sluice_stream_piece_lag_seconds_bucket{le="8"}': `0+${within8}x${minutes}`,
  'sluice_stream_piece_lag_seconds_bucket{le="15"}': `0+100x${minutes}`,
  'sluice_stream_piece_lag_seconds_bucket{le="+Inf"}': `0+100x${minutes}`,
  sluice_stream_piece_target_seconds: `4x${minutes}`,
})

export const STREAM_CASES: Readonly<Record<string, AlertCase>> = {
  ReceiverDown: {
    fires: { [up('receiver')]: '0x30' },
    labels: { job: 'receiver', instance: 'receiver:1' },
    // Not everybody has one.
    silent: [{ [up('receiver')]: '1x30' }, { [up('runtime')]: '1x30' }],
  },
  StreamsDropping: {
    fires: { [dropped]: step(8, 4) },
    sinceMinutes: 8,
    labels: { reason: 'spool-full' },
    silent: [{ [dropped]: '12x30' }],
  },
  StreamsLagging: {
    fires: lag(60, 94),
    // Rates need two values.
    sinceMinutes: 1,
    silent: [lag(60, 100), { ...lag(60, 94), sluice_stream_piece_target_seconds: '8x30' }],
  },
  StreamSpoolFilling: {
    fires: spool('75x30'),
    labels: { instance: 'r' },
    silent: [spool('65x30'), spool('0x30', '0x30')],
  },
  StreamsFlapping: {
    fires: { [takes('sender-lost')]: step(8, 7) },
    sinceMinutes: 8,
    labels: { door: 'rtmp' },
    silent: [
      { [takes('sender-lost')]: step(8, 4.5) },
      { [takes('sender-finished')]: '0+2x30', [takes('taken-over')]: '0+2x30' },
    ],
  },
  WantedStreamAway: {
    fires: { 'sluice_streams{state="away",instance="a"}': '1x30' },
    silent: [
      { 'sluice_streams{state="away",instance="a"}': '0x30' },
      { 'sluice_streams{state="waiting",instance="a"}': '3x30' },
    ],
  },
}
