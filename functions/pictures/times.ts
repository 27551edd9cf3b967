/** The times of chosen pictures, which FFmpeg's filter `metadata` prints, one after the other. Pure. @module */

/**
 * Filters that print a line for each picture on standard output. In microseconds: FFmpeg prints seconds with six digits, so that
 * after three hours the tenths are lost. `metadata` prints only pictures that have the key, which `signalstats` gives them.
 */
export const PRINT_TIMES =
  'settb=1/1000000,signalstats,metadata=mode=print:key=lavfi.signalstats.YAVG:file=pipe\\\\:1'

/** Shape: `frame:3    pts:15000000 pts_time:15`. @returns seconds; `undefined` for another line */
export function printedSeconds(line: string): number | undefined {
  const [, micros] = /^frame:\d+\s+pts:(-?\d+)\s/.exec(line) ?? []
  return micros === undefined ? undefined : Number(micros) / 1e6
}
