/** Whether the chunks hold the whole source, and where the last one ends. @module */
import { PermanentError } from '../../../runtime/index.ts'
import { endOf, type TrackTotals } from '../tracks/tracks.ts'
import { clockReason, steppedBack, type ClockBreak } from './good-part.ts'
import type { ChunkPlan } from '../../media/container.ts'
import type { CutPlan } from '../plan/cut-plan.ts'
import {
  decodingWarning,
  hasBrokenOff,
  isCutShort,
  isOutOfOrder,
  passedOverWarning,
} from '../../ffmpeg/words/diagnosis.ts'
import { failureOf, mustHaveSucceeded } from '../../ffmpeg/words/failure.ts'
import { type FfmpegResult, ToolError } from '../../ffmpeg/words/result.ts'
import { declaredSeconds, latestSeconds } from '../../media/declared-length.ts'
import { KEEP_HINT, type Inspection } from '../../media/inspect.ts'
import { hiddenWarnings, isTorn, lossesOf, lossWarning, tornReason } from './losses.ts'
import type { Recipe } from '../recipe/recipe.ts'
import * as segments from '../pieces/segments.ts'

export interface WholeOptions {
  readonly recipe: Recipe
  readonly cutPlan: CutPlan
  readonly inspection: Inspection
  readonly plan: ChunkPlan
  /** The readable part of a truncated file is kept. */
  readonly keepsGoodPart: boolean
  readonly onWarning: (warning: string) => void
  /** The file is cut off there, and everything before that is kept. */
  readonly onTruncated: (atSeconds: number) => void
  /** The clock of the file goes back there. */
  readonly clock?: ClockBreak | undefined
}

/** The outcome of the run. */
export interface WholeRun {
  /** As FFmpeg lists it. */
  readonly last: segments.Segment | undefined
  /** Absent when FFmpeg was ended before its time. */
  readonly result: FfmpegResult | undefined
  /** Where the last complete packet ends, if FFmpeg ended where the file is cut off. */
  readonly readUntilSeconds?: number | undefined
  /** It ran without `-xerror`. */
  readonly isPatient?: boolean
  readonly tracks: TrackTotals
  readonly count: number
}

type Whole = WholeOptions & WholeRun

/**
 * Where the last chunk ends.
 *
 * @throws {PermanentError} when the file is truncated or damaged; the message names the second
 * @throws {ToolError} when FFmpeg failed for a reason other than the file
 */
export function judgeWhole(options: Whole): number {
  const { recipe, inspection, plan, result, last, tracks, count, cutPlan, onWarning } = options
  const { media } = inspection
  const heard = tracks.endsSeconds.slice(0, plan.kept.length)
  const tracksSeconds = heard.length > 0 ? Math.max(...heard) : undefined
  if (result) mustBeRead(options, result, tracksSeconds)
  if (result) mustGoOn(options, result)
  const verdict = segments.checkTotals({
    last,
    mediaSeconds: result?.mediaSeconds,
    tracksSeconds,
    declaredSeconds: declaredSeconds(media, plan.kept),
    latestSeconds: latestSeconds(media, plan.kept),
    wholeSeconds: media.durationSeconds,
    isEstimated: media.isDurationEstimated,
  })
  if (!verdict.isWhole) {
    if (options.keepsGoodPart && (verdict.goodSeconds ?? 0) > 0) return keepGoodPart(options, verdict)
    const cause = new ToolError(verdict.reason, result ?? { tool: 'ffmpeg' })
    throw new PermanentError(verdict.reason + hint(options, verdict.goodSeconds), { cause })
  }
  let endSeconds = endOf(verdict.endSeconds, tracksSeconds)
  const breaksOff = inspection.breaksOff ?? (options.clock && clockReason(options.clock))
  if (breaksOff !== undefined) {
    // Not what is declared, which may be a little more.
    endSeconds = Math.min(endSeconds, readSeconds(options, tracksSeconds) || Infinity)
    const reason = breaksOff
    if (!options.keepsGoodPart) throw new PermanentError(reason + readable(options, endSeconds))
    keepGoodPart(options, { reason, goodSeconds: endSeconds })
  }
  if (verdict.warning !== undefined) onWarning(verdict.warning)
  mustBeCounted(options, endSeconds)
  for (const warning of segments.shortStreams(media, plan.kept, heard)) onWarning(warning)
  if (cutPlan.parts !== undefined && count !== cutPlan.parts) {
    const why = `${cutPlan.parts} parts were asked for, and there are only ${count} places where one can start`
    if (recipe.mode === 'exact') throw new PermanentError(`${why}: ask for fewer`)
    onWarning(`${why} without re-encoding: mode "exact" can make as many as there are pictures`)
  }
  return endSeconds
}

/** A stream with several edits goes back and forth in the file. */
export function hasEdits({ inspection: { declared }, plan }: Pick<Whole, 'inspection' | 'plan'>): boolean {
  return plan.kept.some(({ index }) => (declared?.get(index)?.edits ?? 0) > 1)
}

const EDITS =
  'its edit list plays several parts of a track one after the other, which cannot be cut without re-encoding: choose "mode=exact"'

/** A stream whose time goes back gets other, wrong times from FFmpeg, which mentions it only in passing. */
function mustGoOn(options: Whole, { backSteps = [] }: FfmpegResult): void {
  const back = steppedBack(backSteps, options.tracks.perSecond)
  if (!back) return
  if (options.inspection.isRaggedFine) return options.onWarning(clockReason(back))
  throw new PermanentError(clockReason(back) + hint(options, back.atSeconds))
}

function mustBeCounted(options: Whole, endSeconds: number): void {
  const { recipe, plan, result, tracks, keepsGoodPart, onWarning } = options
  const counted = {
    ...options,
    mode: recipe.mode,
    counts: result?.counts,
    written: tracks.packets,
    hidden: tracks.hidden,
    isCutOff: recipe.untilSeconds !== undefined,
  }
  const losses = lossesOf(counted)
  if (!keepsGoodPart && isTorn(losses, plan.kept, endSeconds)) {
    const cause = new ToolError(tornReason(losses), result ?? { tool: 'ffmpeg' })
    throw new PermanentError(cause.message, { cause })
  }
  for (const loss of losses) onWarning(lossWarning(loss))
  for (const warning of hiddenWarnings(counted)) onWarning(warning)
}

/** Where there is something good, and nobody has asked for it yet. */
function hint({ keepsGoodPart }: WholeOptions, goodSeconds = 0): string {
  return goodSeconds > 0 && !keepsGoodPart ? KEEP_HINT : ''
}

/** How far the file could be read; 0 when not at all. */
function readSeconds({ result, last, readUntilSeconds }: Whole, tracksSeconds = 0): number {
  if (readUntilSeconds !== undefined) return readUntilSeconds
  return endOf(Math.max(tracksSeconds, result?.mediaSeconds ?? 0, last?.endSeconds ?? 0), tracksSeconds)
}

function readable(options: Whole, atSeconds: number): string {
  return placeOf(atSeconds) + hint(options, atSeconds)
}

/** Less than what is written is nothing. */
function placeOf(atSeconds: number): string {
  return atSeconds >= 0.05 ? `, after ${atSeconds.toFixed(1)} s that could be read` : ''
}

function keepGoodPart(
  { onWarning, onTruncated }: WholeOptions,
  { reason, goodSeconds = 0 }: { readonly reason: string; readonly goodSeconds?: number },
): number {
  onWarning(`${reason}. Everything before that is kept`)
  onTruncated(goodSeconds)
  return goodSeconds
}

function mustBeRead(options: Whole, result: FfmpegResult, tracksSeconds?: number): void {
  const { recipe, inspection, keepsGoodPart, isPatient, clock, onWarning } = options
  try {
    mustHaveSucceeded(result)
    const isShort = !inspection.isRaggedFine && isCutShort(result)
    if (isShort && (recipe.mode === 'exact' || isPatient) && !keepsGoodPart) throw failureOf(result)
  } catch (error) {
    if (isOutOfOrder(result) && hasEdits(options)) throw new PermanentError(EDITS, { cause: error })
    if (clock && !inspection.breaksOff)
      throw new PermanentError(clockReason(clock) + hint(options, clock.atSeconds), { cause: error })
    // In a torn file, that is why FFmpeg fails.
    const reason = error instanceof PermanentError ? error.message : inspection.breaksOff
    if (reason === undefined) throw error
    const atSeconds = readSeconds(options, tracksSeconds)
    const isGoodBefore = inspection.breaksOff !== undefined || hasBrokenOff(result)
    const where = isGoodBefore ? readable(options, atSeconds) : placeOf(atSeconds)
    throw new PermanentError(reason + where, { cause: error })
  }
  const warnings = [passedOverWarning(result), recipe.mode === 'exact' ? decodingWarning(result) : undefined]
  for (const warning of warnings) if (warning !== undefined) onWarning(warning)
}
