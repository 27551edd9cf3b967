/** Whether a picture shows anything: neither dark, nor white, nor flat. From a small gray copy of it. Pure. @module */

/** Of the gray copy. */
export const GRAY = { width: 64, height: 36 } as const
export const GRAY_BYTES = GRAY.width * GRAY.height

export interface Judgement {
  readonly isFine: boolean
  /** In bits for each pixel: how much there is to see. */
  readonly entropy: number
}

/** Black is 0 and white is 255; a title on black has a mean of some 10. */
const [DARKEST, BRIGHTEST] = [20, 235]
const LEAST_DEVIATION = 12
const LEAST_ENTROPY = 2
const LEVELS = 64

export function judge(gray: Buffer): Judgement {
  const counts = Array.from({ length: LEVELS }, () => 0)
  let [sum, squares] = [0, 0]
  for (const value of gray) {
    const level = Math.floor((value * LEVELS) / 256)
    counts[level] = (counts[level] ?? 0) + 1
    sum += value
    squares += value * value
  }
  const mean = sum / gray.length
  const deviation = Math.sqrt(Math.max(0, squares / gray.length - mean * mean))
  const shares = counts.filter((count) => count > 0).map((count) => count / gray.length)
  const entropy = shares.reduce((bits, share) => bits - share * Math.log2(share), 0)
  const isFine = mean > DARKEST && mean < BRIGHTEST && deviation > LEAST_DEVIATION && entropy > LEAST_ENTROPY
  return { isFine, entropy }
}
