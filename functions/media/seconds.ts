/** Times as manifests have them. Pure. @module */

/** To whole microseconds. */
export function toMicros(seconds: number): number {
  return Math.round(seconds * 1e6) / 1e6
}
