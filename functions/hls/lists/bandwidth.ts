/** Bit rates as playlists state them, measured on the segments. Pure. @module */

export interface Timed {
  readonly sizeBytes: number
  readonly seconds: number
}

/**
 * `BANDWIDTH`: the largest bit rate of any run of segments that lasts between 0.5 and 1.5 times the target duration
 * (RFC 8216, 4.3.4.2).
 *
 * @returns bits per second; of the densest segment when no run lasts so long
 */
export function peakBitRate(segments: readonly Timed[], targetSeconds: number): number {
  let peak = 0
  for (let from = 0; from < segments.length; from++) {
    let [bytes, seconds] = [0, 0]
    for (const segment of segments.slice(from, from + MAX_RUN)) {
      bytes += segment.sizeBytes
      seconds += segment.seconds
      if (seconds > 1.5 * targetSeconds) break
      if (seconds >= 0.5 * targetSeconds) peak = Math.max(peak, (bytes * 8) / seconds)
    }
  }
  if (peak > 0) return Math.ceil(peak)
  return Math.ceil(Math.max(0, ...segments.map(({ sizeBytes, seconds }) => (sizeBytes * 8) / seconds)))
}

/** More segments than this in one run are splinters, and their sum is not a peak. */
const MAX_RUN = 1_000

/** `AVERAGE-BANDWIDTH`, in bits per second. */
export function averageBitRate(segments: readonly Timed[]): number {
  const [bytes, seconds] = segments.reduce(
    ([bytes, seconds], segment) => [bytes + segment.sizeBytes, seconds + segment.seconds],
    [0, 0],
  )
  return seconds > 0 ? Math.ceil((bytes * 8) / seconds) : 0
}

/** `EXT-X-TARGETDURATION`: the longest segment, rounded; at least 1. */
export function targetSecondsOf(segments: readonly Timed[]): number {
  return segments.reduce((longest, { seconds }) => Math.max(longest, Math.round(seconds)), 1)
}
