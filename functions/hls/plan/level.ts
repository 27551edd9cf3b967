/** Levels of H.264. Pure. @module */

/** ITU-T H.264, table A-1: macroblocks a second, in a picture, and kbit/s of High profile (1.25 times those of Main). */
const LEVELS: readonly (readonly [level: string, perSecond: number, inPicture: number, kilobits: number])[] =
  [
    ['1.0', 1_485, 99, 80],
    ['1.1', 3_000, 396, 240],
    ['1.2', 6_000, 396, 480],
    ['1.3', 11_880, 396, 960],
    ['2.0', 11_880, 396, 2_500],
    ['2.1', 19_800, 792, 5_000],
    ['2.2', 20_250, 1_620, 5_000],
    ['3.0', 40_500, 1_620, 12_500],
    ['3.1', 108_000, 3_600, 17_500],
    ['3.2', 216_000, 5_120, 25_000],
    ['4.0', 245_760, 8_192, 25_000],
    ['4.2', 522_240, 8_704, 62_500],
    ['5.0', 589_824, 22_080, 168_750],
    ['5.1', 983_040, 36_864, 300_000],
    ['5.2', 2_073_600, 36_864, 300_000],
    ['6.0', 4_177_920, 139_264, 300_000],
    ['6.2', 16_711_680, 139_264, 1_000_000],
  ]

export interface Picture {
  readonly width: number
  readonly height: number
  readonly framesPerSecond: number
  readonly bitsPerSecond: number
}

/**
 * The lowest level that holds such a picture; the highest there is for a larger one. It is always given to x264: the build of
 * 2018 takes the time base for the frame rate, and writes 6.2.
 */
export function levelOf({ width, height, framesPerSecond, bitsPerSecond }: Picture): string {
  const blocks = Math.ceil(width / 16) * Math.ceil(height / 16)
  const found = LEVELS.find(
    ([, perSecond, inPicture, kilobits]) =>
      blocks <= inPicture && blocks * framesPerSecond <= perSecond && bitsPerSecond <= kilobits * 1_000,
  )
  return found?.[0] ?? '6.2'
}
