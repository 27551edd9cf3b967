/** Whether the chunks are the whole of the source, and where the last one ends. @module */
import { PermanentError } from '../../runtime/index.ts'
import type { ChunkPlan } from './container.ts'
import type { CutPlan } from './cut-plan.ts'
import { decodingWarning, isCutShort } from './diagnosis.ts'
import { failureOf, mustHaveSucceeded } from './failure.ts'
import type { FfmpegResult } from './ffmpeg.ts'
import { KEEP_HINT, type Inspection } from './inspect.ts'
import { hiddenWarning, isTorn, lossesOf, lossWarning, tornReason } from './losses.ts'
import type { Recipe } from './recipe.ts'
import * as segments from './segments.ts'
import { ToolError } from './tool-error.ts'

export interface WholeOptions {
  readonly recipe: Recipe
  readonly cutPlan: CutPlan
  readonly inspection: Inspection
  readonly plan: ChunkPlan
  /** What could be read of a file that breaks off is kept. */
  readonly keepsGoodPart: boolean
  readonly onWarning: (warning: string) => void
  /** The file breaks off there, and what came before is kept. */
  readonly onTruncated: (atSeconds: number) => void
  /** As FFmpeg lists it. */
  readonly last: segments.Segment | undefined
  /** Absent when FFmpeg was ended before its time. */
  readonly result: FfmpegResult | undefined
  /** Of each track, in the order of the kept streams, by the tables of the chunks. */
  readonly endsSeconds: readonly number[]
  /** Of each track in all chunks. */
  readonly packets: readonly number[]
  /** Of these, what the chunks' own edit lists hide. */
  readonly hidden: readonly number[]
  readonly count: number
}

/**
 * Where the last chunk ends.
 *
 * @throws {PermanentError} when the file breaks off or is damaged; the message says at which second
 * @throws {ToolError} when FFmpeg did not end well and it is not the file's fault
 */
export function judgeWhole(options: WholeOptions): number {
  const { recipe, inspection, plan, result, last, endsSeconds, count, cutPlan, onWarning } = options
  const { media } = inspection
  const heard = endsSeconds.slice(0, plan.kept.length)
  const tracksSeconds = heard.length > 0 ? Math.max(...heard) : undefined
  if (result) mustBeRead(options, result, tracksSeconds)
  const verdict = segments.checkTotals({
    last,
    mediaSeconds: result?.mediaSeconds,
    tracksSeconds,
    declaredSeconds: segments.declaredSeconds(media, plan.kept),
    latestSeconds: segments.latestSeconds(media, plan.kept),
    wholeSeconds: media.durationSeconds,
    isEstimated: media.isDurationEstimated,
  })
  if (!verdict.isWhole) {
    if (options.keepsGoodPart && (verdict.goodSeconds ?? 0) > 0) return keepGoodPart(options, verdict)
    const cause = new ToolError(verdict.reason, result ?? { tool: 'ffmpeg' })
    throw new PermanentError(verdict.reason + hint(options, verdict.goodSeconds), { cause })
  }
  let { endSeconds } = verdict
  if (inspection.breaksOff !== undefined) {
    // Not what is declared, which may be a little more.
    endSeconds = Math.min(endSeconds, readSeconds(options, tracksSeconds) || Infinity)
    const reason = inspection.breaksOff
    if (!options.keepsGoodPart) throw new PermanentError(reason + readable(options, endSeconds))
    keepGoodPart(options, { reason, goodSeconds: endSeconds })
  }
  if (verdict.warning !== undefined) onWarning(verdict.warning)
  mustBeCounted(options, endSeconds)
  for (const warning of segments.shortStreams(media, plan.kept, heard)) onWarning(warning)
  if (cutPlan.parts !== undefined && count !== cutPlan.parts) {
    const why = `${cutPlan.parts} parts were asked for, and there are only ${count} places where one can begin`
    if (recipe.mode === 'exact') throw new PermanentError(`${why}: ask for fewer`)
    onWarning(`${why} without re-encoding: mode "exact" makes as many as there are pictures`)
  }
  return endSeconds
}

function mustBeCounted(options: WholeOptions, endSeconds: number): void {
  const { recipe, plan, result, packets, keepsGoodPart, onWarning } = options
  const counted = {
    ...options,
    mode: recipe.mode,
    counts: result?.counts,
    written: packets,
    isCutOff: recipe.untilSeconds !== undefined,
  }
  const losses = lossesOf(counted)
  if (!keepsGoodPart && isTorn(losses, plan.kept, endSeconds)) {
    const cause = new ToolError(tornReason(losses), result ?? { tool: 'ffmpeg' })
    throw new PermanentError(cause.message, { cause })
  }
  for (const loss of losses) onWarning(lossWarning(loss))
  const hides = hiddenWarning(counted)
  if (hides !== undefined) onWarning(hides)
}

/** Where there is something good, and nobody has asked for it yet. */
function hint({ keepsGoodPart }: WholeOptions, goodSeconds = 0): string {
  return goodSeconds > 0 && !keepsGoodPart ? KEEP_HINT : ''
}

/** How far the file could be read; 0 when not at all. */
function readSeconds({ result, last }: WholeOptions, tracksSeconds = 0): number {
  return Math.max(tracksSeconds, result?.mediaSeconds ?? 0, last?.endSeconds ?? 0)
}

function readable(options: WholeOptions, atSeconds: number): string {
  const where = atSeconds > 0 ? `, after ${atSeconds.toFixed(1)} s that could be read` : ''
  return where + hint(options, atSeconds)
}

function keepGoodPart(
  { onWarning, onTruncated }: WholeOptions,
  { reason, goodSeconds = 0 }: { readonly reason: string; readonly goodSeconds?: number },
): number {
  onWarning(`${reason}. What came before is kept`)
  onTruncated(goodSeconds)
  return goodSeconds
}

function mustBeRead(options: WholeOptions, result: FfmpegResult, tracksSeconds?: number): void {
  const { recipe, inspection, keepsGoodPart, onWarning } = options
  try {
    mustHaveSucceeded(result)
    const isShort = !inspection.isRaggedFine && isCutShort(result)
    if (isShort && recipe.mode === 'exact' && !keepsGoodPart) throw failureOf(result)
  } catch (error) {
    // What FFmpeg stumbles over in a torn file is that it is torn.
    const reason = error instanceof PermanentError ? error.message : inspection.breaksOff
    if (reason === undefined) throw error
    const where = readable(options, readSeconds(options, tracksSeconds))
    throw new PermanentError(reason + where, { cause: error })
  }
  const warning = recipe.mode === 'exact' ? decodingWarning(result) : undefined
  if (warning !== undefined) onWarning(warning)
}
