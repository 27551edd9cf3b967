import { expect, it } from 'vitest'
import { candidates, lastCandidates } from '../../../../functions/pictures/candidates.ts'
import { GRAY_BYTES, judge } from '../../../../functions/pictures/judge.ts'
import { fit } from '../../../../functions/pictures/size.ts'
import { printedSeconds } from '../../../../functions/pictures/times.ts'

const gray = (value: (place: number) => number) =>
  Buffer.from(Array.from({ length: GRAY_BYTES }, (_, place) => value(place)))

it.each([
  ['black', () => 2, false],
  ['white', () => 250, false],
  ['one gray', () => 120, false],
  ['two grays', (place: number) => (place % 2) * 200, false],
  ['a title on black', (place: number) => (place % 20 === 0 ? 240 : 3), false],
  ['a slope', (place: number) => (place * 7) % 256, true],
] as const)('a picture that is %s: %s', (_, value, isFine) => {
  expect(judge(gray(value)).isFine).toBe(isFine)
})

it('there is more to see in a slope than in a title', () => {
  const title = judge(gray((place) => (place % 20 === 0 ? 240 : 3)))
  expect(judge(gray((place) => place % 256)).entropy).toBeGreaterThan(title.entropy)
})

it('a film is looked at within, a short one in its middle, and one of unknown length from its beginning', () => {
  expect(candidates(100)).toEqual([10, 25, 40, 55, 70, 2].map((at) => expect.closeTo(at, 6) as number))
  expect(candidates(1)).toEqual([0.5])
  expect(candidates(undefined)).toEqual([10, 30, 60, 3, 0])
})

it('a film that is shorter than its file declares is looked at from its beginning, and any other there last of all', () => {
  expect(lastCandidates(360_000, false)).toEqual([10, 30, 60, 3, 0])
  expect(lastCandidates(100, true)).toEqual([0])
  expect(lastCandidates(1, false)).toEqual([0])
  expect(lastCandidates(undefined, false)).toEqual([])
})

it.each([
  [{ width: 1920, height: 1080 }, { width: 1280 }, { width: 1280, height: 720 }],
  [{ width: 320, height: 180 }, { width: 1280 }, { width: 320, height: 180 }],
  [{ width: 161, height: 91 }, { width: 1280 }, { width: 160, height: 90 }],
  [{ width: 641, height: 361 }, { width: 641 }, { width: 640, height: 360 }],
  [{ width: 1280, height: 720 }, { width: 641 }, { width: 640, height: 360 }],
  [{ width: 1, height: 1 }, { width: 1280 }, { width: 2, height: 2 }],
  [
    { width: 1080, height: 1920 },
    { width: 160, height: 320 },
    { width: 160, height: 284 },
  ],
  [
    { width: 100, height: 8_000 },
    { width: 160, height: 320 },
    { width: 4, height: 320 },
  ],
  [{ width: 1, height: 1 }, { width: 160 }, { width: 2, height: 2 }],
])('%j in %j becomes %j', (source, box, planned) => {
  expect(fit(source, box)).toEqual(planned)
})

it('times are read to the microsecond, however long the film is', () => {
  expect(printedSeconds('frame:3    pts:36000040000 pts_time:36000')).toBe(36_000.04)
  expect(printedSeconds('frame:0    pts:-40000 pts_time:-0.04')).toBe(-0.04)
  expect(printedSeconds('lavfi.signalstats.YAVG=16.5')).toBeUndefined()
})
