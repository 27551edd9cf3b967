/** Where a sound is silent, in samples: found while it passes. Pure but for its own state. @module */

/** Half open: `end` is the first sample that is loud again. */
export interface Quiet {
  readonly start: number
  readonly end: number
}

/** More are not kept: noise that comes and goes has one at each breath. */
const MAX_QUIETS = 100_000

export interface QuietOptions {
  readonly sampleRate: number
  /** Below full scale: -40 and lower numbers are quieter. */
  readonly thresholdDb: number
  readonly minSeconds: number
}

export function createQuietFinder({ sampleRate, thresholdDb, minSeconds }: QuietOptions) {
  const limit = 32_768 * 10 ** (thresholdDb / 20)
  const shortest = Math.round(minSeconds * sampleRate)
  const quiets: Quiet[] = []
  let position = 0
  let start = 0
  const close = () => {
    if (position - start >= shortest && quiets.length < MAX_QUIETS) quiets.push({ start, end: position })
  }
  return {
    /** Finished ones, by time. */
    quiets: quiets as readonly Quiet[],
    add(samples: Int16Array): void {
      for (const sample of samples) {
        if (sample > limit || sample < -limit) {
          close()
          start = position + 1
        }
        position++
      }
    },
    /** The one at the end of everything that was added so far, if it is long enough; it may last longer. */
    current(): Quiet | undefined {
      return position - start >= shortest ? { start, end: position } : undefined
    },
    finish: close,
  }
}

export type CutReason = 'silence' | 'limit' | 'end'

export interface Cut {
  readonly at: number
  readonly reason: CutReason
}

/**
 * Where a piece ends that may last from `start` to `limit`: in the middle of the last silence in its second half, so that no word
 * is cut; without one, at the limit.
 *
 * @param margin - samples of a silence that is still in progress at the limit which stay before the next word
 */
export function cutOf(
  { start, limit, margin }: { readonly start: number; readonly limit: number; readonly margin: number },
  quiets: readonly Quiet[],
  current: Quiet | undefined,
): Cut {
  if (current) return { at: limit - margin, reason: 'silence' }
  const half = start + (limit - start) / 2
  for (let index = quiets.length - 1; index >= 0; index--) {
    const quiet = quiets[index]!
    const middle = Math.floor((quiet.start + quiet.end) / 2)
    if (middle <= half) break
    if (middle <= limit) return { at: middle, reason: 'silence' }
  }
  return { at: limit, reason: 'limit' }
}
