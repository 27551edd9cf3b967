/** The lists that players read beside the sheets: WebVTT, whose cues name a part of a sheet, and the same as JSON. Pure. @module */
import { webvtt } from '../media/webvtt.ts'
import type { JsonValue } from '../../runtime/index.ts'
import type { SheetPlan } from './sheet-plan.ts'

export interface Tile {
  readonly startSeconds: number
  readonly endSeconds: number
  /** 0-based. */
  readonly sheet: number
  /** Of its upper left corner on the sheet. */
  readonly x: number
  readonly y: number
}

/** A picture lasts for as long as players show it: a film has no shorter one. */
const SHORTEST_SECONDS = 0.001

/**
 * From picture to picture, so that no cue names one that is not shown then; the first from the beginning, the last to the end.
 *
 * @param endSeconds - of the film, where it is known
 */
export function tilesOn(
  { columns, rows, tile }: SheetPlan,
  timesSeconds: readonly number[],
  endSeconds: number | undefined,
): readonly Tile[] {
  const perSheet = columns * rows
  const last = timesSeconds.at(-1) ?? 0
  const end = Math.max(endSeconds ?? 0, last + SHORTEST_SECONDS)
  return timesSeconds.map((time, place) => ({
    startSeconds: place === 0 ? 0 : toMs(time),
    endSeconds: toMs(timesSeconds[place + 1] ?? end),
    sheet: Math.floor(place / perSheet),
    x: (place % columns) * tile.width,
    y: Math.floor((place % perSheet) / columns) * tile.height,
  }))
}

function toMs(seconds: number): number {
  return Math.round(seconds * 1_000) / 1_000
}

/** @param folder - before the name of each sheet; `''` beside them */
export function spriteCues(
  plan: SheetPlan,
  tiles: readonly Tile[],
  sheetNames: readonly string[],
  folder: string,
): string {
  const { width, height } = plan.tile
  return webvtt(
    tiles.map(({ startSeconds, endSeconds, sheet, x, y }) => ({
      startSeconds,
      endSeconds,
      text: `${folder}${sheetNames[sheet]}#xywh=${x},${y},${width},${height}`,
    })),
  )
}

export function spriteJson(
  plan: SheetPlan,
  tiles: readonly Tile[],
  sheetNames: readonly string[],
  folder: string,
): JsonValue {
  const { tile, columns, rows, sheet } = plan
  return {
    tileWidth: tile.width,
    tileHeight: tile.height,
    columns,
    rows,
    durationSeconds: tiles.at(-1)?.endSeconds ?? 0,
    sheets: sheetNames.map((name) => ({
      address: `${folder}${name}`,
      width: sheet.width,
      height: sheet.height,
    })),
    tiles: tiles.map((each) => ({ ...each })),
  }
}
