/** The lowest and the highest sample of each part of a sound, in bounded memory however long it is. Pure but for its own state. @module */

export interface Peaks {
  readonly samplesPerPixel: number
  /** Lowest and highest in turn, -32768 to 32767. */
  readonly values: readonly number[]
}

/** Twenty a second at first. */
const PIXELS_PER_SECOND = 20
/** Two hours at that; of a longer sound, neighbours are joined. */
const MAX_PIXELS = 144_000

export function createPeaks(sampleRate: number, maxPixels = MAX_PIXELS) {
  let samplesPerPixel = sampleRate / PIXELS_PER_SECOND
  let values: number[] = []
  let [low, high, count] = [0, 0, 0]
  const flush = () => {
    values.push(low, high)
    count = 0
    if (values.length < maxPixels * 2) return
    values = joined(values)
    samplesPerPixel *= 2
  }
  return {
    add(samples: Int16Array): void {
      for (const sample of samples) {
        if (count === 0) low = high = sample
        else if (sample < low) low = sample
        else if (sample > high) high = sample
        if (++count >= samplesPerPixel) flush()
      }
    },
    peaks(): Peaks {
      return { samplesPerPixel, values: count > 0 ? [...values, low, high] : values }
    },
  }
}

/** Two pixels become one. */
function joined(values: readonly number[]): number[] {
  const half: number[] = []
  for (let at = 0; at + 3 < values.length; at += 4) {
    half.push(Math.min(values[at]!, values[at + 2]!), Math.max(values[at + 1]!, values[at + 3]!))
  }
  return half
}
