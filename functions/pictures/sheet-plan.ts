/** The layout of the sheets of small pictures: how far apart the pictures are, how large, and how many on each sheet. Pure. @module */
import { fit, type Size } from './size.ts'
import type { PictureTrack } from './track.ts'

export interface SheetPlan {
  readonly tile: Size
  readonly columns: number
  readonly rows: number
  readonly sheet: Size
  /** One picture is taken of each such part of the film. */
  readonly stepSeconds: number
}

export interface SheetWishes {
  readonly everySeconds: number
  readonly width: number
  readonly columns: number
  readonly rows: number
}

/** Of all sheets together. */
export const MAX_TILES = 1_000
/** Of one sheet: browsers of small devices show none that is larger. */
const MAX_SHEET_PIXELS = 16_777_216

/** As FFmpeg names them, in the order in which it makes them: the thousandth has a digit more, so sorting names would put it elsewhere. */
export const SHEET_PATTERN = 'sprite-%03d.jpg'

export function sheetNames(count: number): readonly string[] {
  return Array.from({ length: count }, (_, place) => `sprite-${String(place + 1).padStart(3, '0')}.jpg`)
}

/** @returns a sentence without its full stop when no sheet can be as it was asked for */
export function planSheets(track: PictureTrack, wishes: SheetWishes): SheetPlan | string {
  const { everySeconds, width } = wishes
  const { endSeconds } = track
  const tile = fit(track, { width, height: 2 * width })
  const stepSeconds = Math.max(everySeconds, (endSeconds ?? 0) / MAX_TILES)
  // A film of a few pictures gets no sheet that is black for the most part.
  const expected = endSeconds === undefined ? Infinity : Math.max(1, Math.ceil(endSeconds / stepSeconds))
  const columns = Math.min(wishes.columns, expected)
  const fitting = Math.floor(MAX_SHEET_PIXELS / (columns * tile.width * tile.height))
  if (fitting === 0) {
    return `${columns} pictures of ${tile.width} x ${tile.height} side by side are more than the ${MAX_SHEET_PIXELS} pixels that a sheet may have: choose fewer columns or a smaller width`
  }
  const rows = Math.min(wishes.rows, Math.ceil(expected / columns), fitting)
  return {
    tile,
    columns,
    rows,
    stepSeconds,
    sheet: { width: columns * tile.width, height: rows * tile.height },
  }
}

/** Less is not seen in three digits. */
const HARDLY_MORE = 1.005

/** Things that are not as they were asked for. */
export function planWarnings(plan: SheetPlan, { everySeconds, rows }: SheetWishes): readonly string[] {
  const { stepSeconds, columns, tile } = plan
  const tooLarge = rows * columns * tile.width * tile.height > MAX_SHEET_PIXELS
  return [
    ...(stepSeconds > everySeconds * HARDLY_MORE
      ? [
          `there is a picture for each ${Number(stepSeconds.toPrecision(3))} s and not each ${everySeconds} s: a film gets at most ${MAX_TILES}`,
        ]
      : []),
    ...(tooLarge && plan.rows < rows
      ? [`sheets have ${plan.rows} rows and not ${rows}: larger ones are not shown by small devices`]
      : []),
  ]
}

/** Why the sheets are not those of these pictures; `undefined` when they are. */
export function flawOf(
  { columns, rows }: Pick<SheetPlan, 'columns' | 'rows'>,
  { timesSeconds, sheets }: { readonly timesSeconds: readonly number[]; readonly sheets: number },
): string | undefined {
  const wanted = Math.ceil(timesSeconds.length / (columns * rows))
  if (sheets !== wanted)
    return `${sheets} sheets for ${timesSeconds.length} pictures, and ${wanted} were planned`
  const back = timesSeconds.findIndex((time, place) => place > 0 && time <= (timesSeconds[place - 1] ?? 0))
  return back < 0 ? undefined : `picture ${back} is not later than the one before it`
}

/** The longest part of the film that has no picture of its own. */
export function longestGapSeconds(timesSeconds: readonly number[], endSeconds: number | undefined): number {
  const ends = [...timesSeconds.slice(1), endSeconds ?? timesSeconds.at(-1) ?? 0]
  return timesSeconds.reduce(
    (longest, time, place) => Math.max(longest, (ends[place] ?? time) - time),
    timesSeconds[0] ?? Infinity,
  )
}

/** Keyframes are close enough when parts without one are few, and none is long. */
const MOST_STEPS = 2
const LEAST_SHARE = 2 / 3

/**
 * Whether keyframes are too far apart for the pictures that were asked for. Those each 4 s are close enough for one each 5 s, although
 * the first ones of two parts may be 8 s apart.
 */
export function isSparse(
  timesSeconds: readonly number[],
  { stepSeconds, endSeconds }: { readonly stepSeconds: number; readonly endSeconds: number | undefined },
): boolean {
  const expected = Math.ceil((endSeconds ?? timesSeconds.at(-1) ?? 0) / stepSeconds)
  return (
    longestGapSeconds(timesSeconds, endSeconds) > MOST_STEPS * stepSeconds ||
    timesSeconds.length < expected * LEAST_SHARE
  )
}
