import fc from 'fast-check'
import { expect, it } from 'vitest'
import {
  flawOf,
  isSparse,
  longestGapSeconds,
  MAX_TILES,
  planSheets,
  planWarnings,
  sheetNames,
  type SheetPlan,
} from '../../../../functions/pictures/sheet-plan.ts'
import { spriteCues, spriteJson, tilesOn } from '../../../../functions/pictures/sprite-lists.ts'
import type { PictureTrack } from '../../../../functions/pictures/track.ts'
import { cuesOf } from '../../../../functions/media/webvtt.ts'

const track = (width: number, height: number, endSeconds?: number): PictureTrack => ({
  index: 0,
  width,
  height,
  codedPixels: width * height,
  isInterlaced: false,
  matrix: 'bt709',
  isCover: false,
  ...(endSeconds !== undefined && { endSeconds }),
})
const WISHES = { everySeconds: 5, width: 160, columns: 10, rows: 10 }
const planned = (of: PictureTrack, wishes = WISHES) => planSheets(of, wishes) as SheetPlan

it('a film of two hours is on full sheets, and a short one on a sheet that it fills', () => {
  expect(planned(track(1920, 1080, 3_600))).toMatchObject({
    columns: 10,
    rows: 10,
    stepSeconds: 5,
    tile: { width: 160, height: 90 },
    sheet: { width: 1_600, height: 900 },
  })
  expect(planned(track(1920, 1080, 32))).toMatchObject({ columns: 7, rows: 1 })
  expect(planned(track(1920, 1080))).toMatchObject({ columns: 10, rows: 10, stepSeconds: 5 })
})

it('a long film gets fewer pictures and a warning', () => {
  const plan = planned(track(1920, 1080, 36_000))
  expect([plan.stepSeconds, planWarnings(plan, WISHES)]).toEqual([
    36,
    ['there is a picture for each 36 s and not each 5 s: a film gets at most 1000'],
  ])
})

it('a step that is hardly longer than what was asked for is said as it is', () => {
  const wishes = { ...WISHES, everySeconds: 0.5 }
  const warningsOf = (endSeconds: number) => {
    const of = track(1920, 1080, endSeconds)
    const plan = planSheets(of, wishes)
    return typeof plan === 'string' ? [plan] : planWarnings(plan, wishes)
  }
  expect(warningsOf(510)).toEqual([
    'there is a picture for each 0.51 s and not each 0.5 s: a film gets at most 1000',
  ])
  expect(warningsOf(500.01)).toEqual([])
})

it('a sheet that is too large has fewer rows, and one that cannot have a row is refused', () => {
  const wishes = { ...WISHES, width: 640, columns: 20, rows: 20 }
  const plan = planned(track(1080, 1920, 3_600), wishes)
  expect(plan.rows).toBe(1)
  expect(planWarnings(plan, wishes)).toEqual([expect.stringMatching(/^sheets have 1 rows and not 20/)])
  expect(planSheets(track(1_280, 2_560, 3_600), { ...wishes, columns: 30 })).toMatch(
    /choose fewer columns or a smaller width$/,
  )
})

it('no plan gives more pictures than there may be, or a sheet larger than any browser shows', () => {
  const size = fc.integer({ min: 1, max: 8_192 })
  fc.assert(
    fc.property(
      size,
      size,
      fc.double({ min: 0.01, max: 360_000, noNaN: true }),
      (width, height, endSeconds) => {
        const plan = planSheets(track(width, height, endSeconds), WISHES)
        if (typeof plan === 'string') throw new Error(plan)
        expect(Math.ceil(endSeconds / plan.stepSeconds)).toBeLessThanOrEqual(MAX_TILES + 1)
        expect(plan.sheet.width * plan.sheet.height).toBeLessThanOrEqual(16_777_216)
        expect([plan.tile.width % 2, plan.tile.height % 2]).toEqual([0, 0])
      },
    ),
  )
})

it('a sheet too many or too few, and times that fall back, are flaws', () => {
  const shape = { columns: 2, rows: 2 }
  const times = [0, 1, 2, 3, 4]
  expect(flawOf(shape, { timesSeconds: times, sheets: 2 })).toBeUndefined()
  expect(flawOf(shape, { timesSeconds: times, sheets: 3 })).toBe(
    '3 sheets for 5 pictures, and 2 were planned',
  )
  expect(flawOf(shape, { timesSeconds: [0, 2, 2], sheets: 1 })).toBe(
    'picture 2 is not later than the one before it',
  )
})

it('the longest gap counts from the beginning and to the end', () => {
  expect(longestGapSeconds([0, 5, 11], 15)).toBe(6)
  expect(longestGapSeconds([9, 10], 11)).toBe(9)
  expect(longestGapSeconds([0, 5], 20)).toBe(15)
  expect(longestGapSeconds([0, 5], undefined)).toBe(5)
  expect(longestGapSeconds([], 20)).toBe(Infinity)
})

it('cues run from picture to picture, the first from the beginning and the last to the end', () => {
  const plan = planned(track(320, 180, 20), { ...WISHES, columns: 2, rows: 1 })
  const tiles = tilesOn(plan, [0.04, 5, 10.2], 20)
  expect(tiles).toEqual([
    { startSeconds: 0, endSeconds: 5, sheet: 0, x: 0, y: 0 },
    { startSeconds: 5, endSeconds: 10.2, sheet: 0, x: 160, y: 0 },
    { startSeconds: 10.2, endSeconds: 20, sheet: 1, x: 0, y: 0 },
  ])
  const names = ['sprite-001.jpg', 'sprite-002.jpg']
  expect(cuesOf(spriteCues(plan, tiles, names, '~a/')).map(({ text }) => text)).toEqual([
    '~a/sprite-001.jpg#xywh=0,0,160,90',
    '~a/sprite-001.jpg#xywh=160,0,160,90',
    '~a/sprite-002.jpg#xywh=0,0,160,90',
  ])
  expect(spriteJson(plan, tiles, names, '')).toMatchObject({ durationSeconds: 20, tiles })
  // A declared end that is too early, and none.
  expect(tilesOn(plan, [0, 30], 20).at(-1)?.endSeconds).toBeGreaterThan(30)
  expect(tilesOn(plan, [0], undefined)).toMatchObject([{ startSeconds: 0, endSeconds: 0.001 }])
})

it('the thousandth sheet comes after the 999th, and not after the hundredth', () => {
  const names = sheetNames(1_001)
  expect(names.slice(99, 101)).toEqual(['sprite-100.jpg', 'sprite-101.jpg'])
  expect(names.slice(-2)).toEqual(['sprite-1000.jpg', 'sprite-1001.jpg'])
})

it.each([
  ['each 4 s for one each 5 s', [0, 8, 12, 16, 20, 28, 32, 36], 5, 40, false],
  ['two of three parts', [0, 7.5, 15, 22.5], 5, 30, false],
  ['only the first of a short film', [0], 5, 7.8, true],
  ['half of the parts', [0, 10, 20, 30], 5, 40, true],
  ['one long gap', [0, 5, 10, 25, 30, 35, 40, 45, 50, 55], 5, 60, true],
  ['none', [], 5, 60, true],
] as const)('keyframes: %s', (_, times, stepSeconds, endSeconds, isTooSparse) => {
  expect(isSparse(times, { stepSeconds, endSeconds })).toBe(isTooSparse)
})
