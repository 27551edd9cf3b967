/** Where segments end: one rule for all tracks of a presentation. Pure. @module */

/**
 * Whether a segment begins with the fragment that begins at this time. To be asked of each fragment of a track, in turn.
 *
 * @param atSeconds - on the timeline of the source, which begins with 0
 */
export type IsCut = (atSeconds: number, kind: 'video' | 'audio') => boolean

/** Times in Matroska are rounded to it. */
const PICTURE_GRACE_SECONDS = 0.001
/** Of a fragment of sound. */
export const SOUND_FRAGMENT_SECONDS = 1
/** Half of a fragment, so that sound is cut as near to the picture as it can be. */
const SOUND_GRACE_SECONDS = SOUND_FRAGMENT_SECONDS / 2
const SPLINTER_PART = 1 / 4
const MAX_SPLINTER_SECONDS = 1

/** Shorter last segments are joined to the one before. */
export function splinterSecondsOf(seconds: number): number {
  return Math.min(MAX_SPLINTER_SECONDS, seconds * SPLINTER_PART)
}

/** A segment begins with the first fragment at or after each multiple of `seconds`. */
export function everySeconds(seconds: number): IsCut {
  return createRule((atSeconds) => Math.max(0, Math.floor(atSeconds / seconds)))
}

/** A segment begins with the first fragment at or after each of these times, which ascend. */
export function atTimes(times: readonly number[]): IsCut {
  let place = 0
  return createRule((atSeconds) => {
    while (place < times.length && atSeconds >= (times[place] ?? Infinity)) place++
    return place
  })
}

function createRule(placeOf: (atSeconds: number) => number): IsCut {
  let last: number | undefined
  return (atSeconds, kind) => {
    const place = placeOf(atSeconds + (kind === 'video' ? PICTURE_GRACE_SECONDS : SOUND_GRACE_SECONDS))
    const isCut = last !== undefined && place > last
    last = Math.max(place, last ?? 0)
    return isCut
  }
}

/**
 * The source's own keyframes at which its segments begin, by the same rule as {@link everySeconds}; without the one that would
 * make a splinter of the end.
 */
export function cutsAmong(
  keyframesSeconds: readonly number[],
  { seconds, endSeconds }: { readonly seconds: number; readonly endSeconds: number },
): readonly number[] {
  const isCut = everySeconds(seconds)
  const cuts = keyframesSeconds.filter((at) => isCut(at, 'video'))
  const isSplinter = endSeconds - (cuts.at(-1) ?? -Infinity) < 1.25 * splinterSecondsOf(seconds)
  return isSplinter ? cuts.slice(0, -1) : cuts
}
