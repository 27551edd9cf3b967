import { describe, expect, it } from 'vitest'
import { tooManyFiles } from '../../../../../functions/hls/plan/file-count.ts'
import type { Plan } from '../../../../../functions/hls/plan/plan.ts'

const HOUR = 3_600

function planOf(rungs: number): Plan {
  return {
    picture: undefined,
    pictures: Array.from({ length: rungs }, (_, place) => ({
      name: `${place}`,
      how: 'encode',
      width: 2,
      height: 2,
      bitsPerSecond: 1,
    })),
    sounds: [],
    subtitles: [],
    dropped: [],
    warnings: [],
  }
}

describe('a presentation of too many files', () => {
  it('is refused before it is made, with the length of segments that would do', () => {
    expect(tooManyFiles(planOf(6), { seconds: 2, lengthSeconds: 10 * HOUR })).toBe(
      'it would have about 108000 files, and a result may have 20000: choose seconds=11 or more, or fewer renditions and sounds',
    )
  })

  it('gets the advice of fewer tracks where no segment is long enough', () => {
    expect(tooManyFiles(planOf(6), { seconds: 30, lengthSeconds: 100 * HOUR })).toMatch(
      /: choose fewer renditions and sounds$/,
    )
  })

  it('is counted by the keyframes of a copy', () => {
    const cutsSeconds = Array.from({ length: 20_001 }, (_, place) => place)
    expect(tooManyFiles(planOf(1), { seconds: 6, cutsSeconds, lengthSeconds: 6 })).toMatch(
      /about 20001 files/,
    )
  })

  it('is not assumed where the length is unknown, or the files are few', () => {
    expect(tooManyFiles(planOf(6), { seconds: 1 })).toBeUndefined()
    expect(tooManyFiles(planOf(1), { seconds: 1, lengthSeconds: 20_000 })).toBeUndefined()
  })
})
