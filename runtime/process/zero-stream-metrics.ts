/** Starts every series of reception at 0, so that the first loss is seen. @module */
import { DOORS } from '../function/take.ts'
import type { EndOfTake, RefusalReason } from '../reception/connection.ts'
import type { CutKind } from '../reception/stream/cut.ts'
import type { StreamMetrics } from '../telemetry/stream-metrics.ts'

const TAKE_ENDS: Readonly<Record<EndOfTake | CutKind | 'receiver-lost', true>> = {
  'receiver-lost': true,
  'sender-finished': true,
  'sender-lost': true,
  'source-ended': true,
  'ffmpeg-lost': true,
  unreadable: true,
  'no-media': true,
  stopped: true,
  'key-revoked': true,
  'max-duration': true,
  'lease-lost': true,
  'taken-over': true,
  clock: true,
  'disk-full': true,
  draining: true,
}
const LOSSES = ['spool-full', 'disk-full', 'file-lost', 'key-taken']
/** Beside what was lost after it was received. */
const GAPS = [...LOSSES, 'reconnect', 'source', 'clock', 'unknown']
const REFUSALS: Readonly<Record<RefusalReason, true>> = {
  name: true,
  key: true,
  live: true,
  limit: true,
  draining: true,
  redis: true,
  disk: true,
  media: true,
}

/** Also where no streams are received: dashboards and alerts then see none instead of nothing. */
export function startStreamsAtZero(metrics: StreamMetrics): void {
  for (const door of DOORS) {
    for (const end of Object.keys(TAKE_ENDS)) metrics.takes.inc({ door, end }, 0)
    for (const reason of Object.keys(REFUSALS)) metrics.refused.inc({ door, reason }, 0)
    metrics.pieces.inc({ door }, 0)
    metrics.pieceBytes.inc({ door }, 0)
  }
  for (const reason of LOSSES) metrics.droppedSeconds.inc({ reason }, 0)
  for (const reason of GAPS) metrics.gaps.inc({ reason }, 0)
}
