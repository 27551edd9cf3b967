/** The metrics of reception. Labels are bounded: never the name of a stream, of which there may be many. @module */
import { Counter, Gauge, Histogram, type OpenMetricsContentType, type Registry } from 'prom-client'

/** From a tenth of a second, when nothing is in the way, to the half hour of a store that was away. */
const LAG_SECONDS = [0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60, 300, 1_800]

export type StreamMetrics = ReturnType<typeof createStreamMetrics>

export function createStreamMetrics(registry: Registry<OpenMetricsContentType>) {
  const registers = [registry]
  const counter = <L extends string>(name: string, help: string, labelNames: readonly L[]) =>
    new Counter<L>({ name, help, labelNames: [...labelNames], registers })
  const gauge = (name: string, help: string) => new Gauge({ name, help, registers })
  return {
    takes: counter(
      'sluice_stream_takes_total',
      'Connections of senders that were admitted and have ended, by how they ended.',
      ['door', 'end'],
    ),
    pieces: counter('sluice_stream_pieces_total', 'Pieces of streams that the store has acknowledged.', [
      'door',
    ]),
    pieceBytes: counter('sluice_stream_piece_bytes_total', 'Bytes of these pieces.', ['door']),
    droppedSeconds: counter(
      'sluice_stream_dropped_seconds_total',
      'Media that was received and lost before it was stored, by reason.',
      ['reason'],
    ),
    gaps: counter('sluice_stream_gaps_total', 'Holes between the pieces of a session, by reason.', [
      'reason',
    ]),
    lag: new Histogram({
      name: 'sluice_stream_piece_lag_seconds',
      help: 'Time from the end of a piece to its acknowledgement by the store.',
      buckets: LAG_SECONDS,
      registers,
    }),
    refused: counter('sluice_stream_refused_total', 'Senders that were refused, by reason.', [
      'door',
      'reason',
    ]),
    recovered: counter(
      'sluice_stream_recovered_pieces_total',
      'Pieces that a receiver which was killed left on disk, and that another one stored.',
      [],
    ),
    spoolBytes: gauge('sluice_stream_spool_bytes', 'Pieces on disk that the store has not acknowledged.'),
    spoolLimit: gauge('sluice_stream_spool_limit_bytes', 'SLUICE_STREAMS_SPOOL_LIMIT; 0 without a receiver.'),
    pieceTarget: gauge('sluice_stream_piece_target_seconds', 'SLUICE_STREAMS_SECONDS; 0 without a receiver.'),
  }
}
