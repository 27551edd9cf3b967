/** How many files a presentation will have, before any of it is made. Pure. @module */
import { ownSounds, type Plan } from './plan.ts'

/** A manifest with more would be larger than what it describes is worth. */
export const MAX_FILES = 20_000

/** Of the option `seconds`. */
const MAX_SECONDS = 30

export interface Lengths {
  /** Of a segment. */
  readonly seconds: number
  /** Where segments begin, when a picture is copied. */
  readonly cutsSeconds?: readonly number[] | undefined
  /** Of the whole, as far as it is declared. */
  readonly lengthSeconds?: number | undefined
}

/** @returns the reason when there would be too many: by its segments alone, of which each track has as many */
export function tooManyFiles(
  plan: Plan,
  { seconds, cutsSeconds, lengthSeconds = 0 }: Lengths,
): string | undefined {
  const tracks = plan.pictures.length + ownSounds(plan).length
  const segments = cutsSeconds ? cutsSeconds.length : Math.floor(lengthSeconds / seconds)
  const files = tracks * segments
  if (files <= MAX_FILES) return undefined
  const needed = Math.ceil(seconds * (files / MAX_FILES))
  const remedy = needed <= MAX_SECONDS ? `seconds=${needed} or more, or ` : ''
  return `it would have about ${files} files, and a result may have ${MAX_FILES}: choose ${remedy}fewer renditions and sounds`
}
