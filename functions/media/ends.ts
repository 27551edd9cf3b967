/** How far the end of a result may lie from the end that its source declares. Pure. @module */

/** Seconds: 1 % of the length, and at least one; of less than 20 s a quarter, since most of it could be missing otherwise. */
export function endToleranceSeconds(lengthSeconds: number): number {
  return Math.max(lengthSeconds < 20 ? 0.25 : 1, lengthSeconds / 100)
}
