/**
 * Notices a sender whose clock was set back: FFmpeg then receives for ever and never cuts again. Media arrive on disk, and no piece
 * closes for 20 s or five pieces, though not because the sender is slow: media time hardly moves, or has gone far beyond a piece. Pure.
 *
 * @remarks Measured with FFmpeg 5.1 and an FLV stream that was set back by 30 s: each packet then comes one tick of 11 µs after the one
 * before, until the old time is reached again.
 * @module
 */

const LEAST_PATIENCE_MS = 20_000
const PIECES = 5
/** Bytes within this time are a flow. */
const FLOW_MS = 5_000
/** Media time that moves by less than this part of the wall clock does not move. */
const LEAST_SPEED = 0.01

export interface ClockWatch {
  /** FFmpeg has closed a piece that ends at this media time, or a sender was held back meanwhile. */
  reset(nowMs: number, mediaSeconds?: number): void
  progress(nowMs: number, mediaSeconds: number): void
  /** @param openBytes - of the file that FFmpeg is writing */
  hasJumped(nowMs: number, openBytes: number): boolean
  /** Whether nothing has been written for long, by the bytes given to {@link hasJumped}. */
  isStuck(nowMs: number): boolean
}

export function createClockWatch(startMs: number, pieceSeconds: number): ClockWatch {
  const patienceMs = Math.max(LEAST_PATIENCE_MS, PIECES * pieceSeconds * 1_000)
  let sinceMs = startMs
  let endSeconds = 0
  let media = { seconds: 0, atMs: startMs }
  let open = { bytes: 0, atMs: -Infinity }
  const isFlowing = (nowMs: number) => nowMs - open.atMs < FLOW_MS
  return {
    reset(nowMs, mediaSeconds) {
      sinceMs = nowMs
      endSeconds = mediaSeconds ?? endSeconds
      open = { bytes: 0, atMs: -Infinity }
    },
    progress(nowMs, mediaSeconds) {
      if (mediaSeconds > media.seconds + (LEAST_SPEED * patienceMs) / 1_000)
        media = { seconds: mediaSeconds, atMs: nowMs }
    },
    isStuck: (nowMs) => nowMs - sinceMs >= patienceMs && !isFlowing(nowMs),
    hasJumped(nowMs, openBytes) {
      if (openBytes > open.bytes) open = { bytes: openBytes, atMs: nowMs }
      const isStill = nowMs - media.atMs >= patienceMs
      const isFar = media.seconds - endSeconds > patienceMs / 1_000
      return isFlowing(nowMs) && nowMs - sinceMs >= patienceMs && (isStill || isFar)
    },
  }
}
