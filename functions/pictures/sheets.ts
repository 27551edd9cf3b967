/** Sheets from keyframes, and from all pictures where keyframes are too far apart. @module */
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Film } from './decode.ts'
import { isSparse, longestGapSeconds, MAX_TILES, SHEET_PATTERN, type SheetPlan } from './sheet-plan.ts'
import { oneOfEach, tilesOf, TooManyPictures, type Tiles } from './tiles.ts'

/** A film may have more than it declares. */
const SPARE_TILES = 50
const LONGER = 4

export interface MadeSheets extends Tiles {
  /** With the step that it was made with. */
  readonly plan: SheetPlan
  readonly warnings: readonly string[]
}

/** Makes `sprite-001.jpg` and so on in the scratch folder. */
export async function makeSheets(
  film: Film,
  plan: SheetPlan,
  from: 'auto' | 'keyframes' | 'all',
): Promise<MadeSheets> {
  if (from !== 'all') {
    const made = await makeOnce(film, plan, true).catch((error: unknown) => {
      // Builds differ in what they do with a film that has no keyframe.
      if (from === 'keyframes' || film.signal.aborted) throw error
      return undefined
    })
    const { endSeconds } = film.track
    const isTooSparse =
      !made || isSparse(made.timesSeconds, { stepSeconds: made.plan.stepSeconds, endSeconds })
    if (made && (from === 'keyframes' || !isTooSparse)) {
      const gapSeconds = longestGapSeconds(made.timesSeconds, endSeconds)
      const sparse = `keyframes are up to ${gapSeconds.toFixed(1)} s apart, so some pictures stand for longer than was asked for; from=all decodes the whole film`
      return isTooSparse ? { ...made, warnings: [...made.warnings, sparse] } : made
    }
  }
  return makeOnce(film, plan, false)
}

async function makeOnce(film: Film, plan: SheetPlan, isKeyframesOnly: boolean): Promise<MadeSheets> {
  for (const name of await readdir(film.scratch)) {
    if (name.startsWith('sprite-')) await rm(join(film.scratch, name))
  }
  const { tile, columns, rows, sheet, stepSeconds } = plan
  try {
    const made = await tilesOf(film, {
      size: tile,
      select: oneOfEach(stepSeconds),
      isKeyframesOnly,
      pattern: SHEET_PATTERN,
      after: [`tile=${columns}x${rows}`],
      maxPictures: MAX_TILES + SPARE_TILES,
      quality: 5,
      madePixels: sheet.width * sheet.height,
    })
    return { ...made, plan, warnings: made.warning === undefined ? [] : [made.warning] }
  } catch (error) {
    if (!(error instanceof TooManyPictures)) throw error
    return makeOnce(film, { ...plan, stepSeconds: stepSeconds * LONGER }, isKeyframesOnly)
  }
}
