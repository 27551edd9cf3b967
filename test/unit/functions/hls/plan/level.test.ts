import { expect, test } from 'vitest'
import { levelOf } from '../../../../../functions/hls/plan/level.ts'

test.each([
  [320, 180, 25, 400_000, '1.2'],
  [1280, 720, 30, 2_800_000, '3.1'],
  [1920, 1080, 30, 5_000_000, '4.0'],
  [1920, 1080, 60, 5_000_000, '4.2'],
  [3840, 2160, 30, 14_000_000, '5.1'],
  [8192, 8192, 300, 14_000_000, '6.2'],
])(
  '%i x %i with %i pictures a second needs the level of the standard',
  (width, height, framesPerSecond, bitsPerSecond, level) => {
    expect(levelOf({ width, height, framesPerSecond, bitsPerSecond })).toBe(level)
  },
)
