/** Where a film is looked at for its poster. Pure. @module */

/** Parts of its length: films open in black and end in titles. */
const SHARES = [0.1, 0.25, 0.4, 0.55, 0.7, 0.02]
/** Shorter ones are one scene. */
const SHORT_SECONDS = 2
/** Where its length is not known. */
const SECONDS = [10, 30, 60, 3, 0]

/** In the order in which they are tried. */
export function candidates(endSeconds: number | undefined): readonly number[] {
  if (endSeconds === undefined) return SECONDS
  if (endSeconds < SHORT_SECONDS) return [endSeconds / 2]
  return SHARES.map((share) => share * endSeconds)
}

/** After those, if none is fine. Where none has a picture, the length is wrong: a subtitle may last for days. */
export function lastCandidates(endSeconds: number | undefined, hasPictures: boolean): readonly number[] {
  if (endSeconds === undefined) return []
  return hasPictures || endSeconds < SHORT_SECONDS ? [0] : SECONDS
}
