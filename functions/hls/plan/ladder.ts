/** The renditions of a picture, by the length of its short side; none is larger than the source. Pure. @module */

/** Short side in pixels, and the cap of its bit rate; quality decides below it. */
const RUNGS: readonly (readonly [short: number, bitsPerSecond: number])[] = [
  [2160, 14_000_000],
  [1440, 9_000_000],
  [1080, 5_000_000],
  [720, 2_800_000],
  [480, 1_200_000],
  [360, 700_000],
  [240, 400_000],
]
/** Below this part of the source, the largest rung would throw away what people see: the source's own size is the top then. Above it, a rung shows the same again. */
export const NEAR_SOURCE = 0.9
const SMALLEST_CAP = 400_000

export interface Rung {
  readonly width: number
  readonly height: number
  readonly bitsPerSecond: number
  /** Part of the rendition's folder: `720p`. */
  readonly name: string
}

export interface Size {
  /** As shown: turned and with square pixels. */
  readonly width: number
  readonly height: number
}

export interface LadderOptions {
  /** Short sides; `auto` is every one of ours. */
  readonly renditions: 'auto' | 'source' | readonly number[]
  readonly maxHeight: number
}

/**
 * @returns the rungs, the largest first; at least one. Or the first of the short sides that is larger than the source.
 */
export function planLadder(
  source: Size,
  { renditions, maxHeight }: LadderOptions,
):
  | { readonly kind: 'ladder'; readonly rungs: readonly Rung[] }
  | { readonly kind: 'too-large'; readonly short: number } {
  const short = Math.min(source.width, source.height)
  const top = Math.min(short, maxHeight)
  if (renditions === 'source') return { kind: 'ladder', rungs: [rungOf(source, top)] }
  if (renditions !== 'auto') {
    const tooLarge = renditions.find((wanted) => wanted > short)
    if (tooLarge !== undefined) return { kind: 'too-large', short: tooLarge }
    return { kind: 'ladder', rungs: descending(renditions).map((wanted) => rungOf(source, wanted)) }
  }
  const ours = RUNGS.map(([rung]) => rung).filter((rung) => rung <= top)
  const largest = ours[0] ?? 0
  const shorts = largest < NEAR_SOURCE * top ? [top, ...ours] : ours
  return { kind: 'ladder', rungs: shorts.map((wanted) => rungOf(source, wanted)) }
}

function descending(shorts: readonly number[]): readonly number[] {
  return [...shorts].sort((a, b) => b - a)
}

function rungOf({ width, height }: Size, short: number): Rung {
  const part = short / Math.min(width, height)
  return {
    width: even(width * part),
    height: even(height * part),
    bitsPerSecond: RUNGS.find(([rung]) => rung <= short)?.[1] ?? SMALLEST_CAP,
    name: `${short}p`,
  }
}

/** Encoders of 4:2:0 want even sizes; rounded down, so that nothing is larger than the source. */
function even(pixels: number): number {
  return Math.max(2, Math.floor((pixels + 0.001) / 2) * 2)
}
