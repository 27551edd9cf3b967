/** A file -> its chunks, each as soon as it is final and its end is known, and the proof that they are the whole. @module */
import { unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { type ChunkTimes, PermanentError } from '../../runtime/index.ts'
import { createTrackTally, lengthOf, longerWarning } from './tracks/tracks.ts'
import { chunkFacts, type ChunkFacts, flawOf } from './tracks/chunk-facts.ts'
import { clockBreak, endedAtBreak, readUntil } from './proof/good-part.ts'
import type { ChunkPlan } from '../media/container.ts'
import { createCutLosses } from './proof/cut-losses.ts'
import { isOutOfOrder } from '../ffmpeg/words/diagnosis.ts'
import type { FfmpegResult } from '../ffmpeg/words/result.ts'
import type { FfmpegProgress } from '../ffmpeg/run/progress.ts'
import { declaredSeconds } from '../media/declared-length.ts'
import { finishedSegments } from './pieces/segmenter.ts'
import * as segments from './pieces/segments.ts'
import { splitPiece } from './pieces/split.ts'
import { hasEdits, judgeWhole, type WholeOptions, type WholeRun } from './proof/completeness.ts'

export interface Chunk {
  readonly path: string
  readonly fileName: string
  readonly bytes: number
  readonly times: ChunkTimes
}

export interface CutOptions extends Omit<WholeOptions, keyof WholeRun> {
  /** Where the chunks appear, and FFmpeg's working folder. */
  readonly scratch: string
  readonly signal: AbortSignal
  readonly onProgress: (progress: FfmpegProgress) => void
}

/** A file on disk, and where it begins on the timeline of the source. */
interface Piece {
  readonly path: string
  readonly startSeconds: number
  readonly facts: ChunkFacts
  /** It begins with pictures that need the previous one, by FFmpeg's list. */
  readonly lean?: Lean | undefined
}

interface Lean {
  /** Absent where it is unknown. */
  readonly seconds?: number
}

/**
 * Cuts as the recipe says. The last chunk is yielded only when all of them add up to the declared length.
 *
 * @throws {PermanentError} when the file is damaged; chunks that came before are good, but not the whole
 * @throws {ToolError} when FFmpeg did not run, was killed or lost its input
 */
export async function* cut(options: CutOptions): AsyncGenerator<Chunk, void, void> {
  const { recipe, cutPlan, plan, scratch, signal, onWarning, inspection } = options
  const later = inspection.lookOn?.()
  later?.catch(() => {})
  let result: FfmpegResult | undefined
  const run = (words: readonly string[]) =>
    finishedSegments({
      profile: recipe.profile,
      arguments: words,
      limits: recipe.limits,
      cwd: scratch,
      signal,
      onProgress: options.onProgress,
      onEnd: (ended) => (result = ended),
    })

  let held: Piece | undefined
  let count = 0
  const cutLosses = createCutLosses(plan.kept)
  let falseStarts = 0
  let isWholeHeld = true
  let longer = 0
  const tally = createTrackTally()
  const settle = ({ startSeconds, facts }: Piece) => {
    tally.add(startSeconds, facts.tracks)
    if (mustBeGood(facts, count, options)) falseStarts++
  }
  const toChunk = (piece: Piece, endSeconds: number): Chunk => {
    const { path, startSeconds, facts } = piece
    const index = count++
    if (index >= segments.MAX_CHUNKS) throw tooMany()
    const isIndependent = independence(piece, plan)
    if (index > 0) cutLosses.add({ tracks: facts.tracks, isIndependent, leanSeconds: piece.lean?.seconds })
    const { requestedSeconds } = cutPlan
    const saidSeconds = endSeconds - startSeconds
    const realSeconds = lengthOf(saidSeconds, (facts.tracks ?? []).slice(0, plan.kept.length))
    if (realSeconds > saidSeconds) longer++
    const fileName = `chunk-${String(index).padStart(5, '0')}.${plan.container.extension}`
    const times = segments.chunkTimes(
      { fileName, startSeconds, endSeconds },
      { index, endSeconds: startSeconds + realSeconds, requestedSeconds, isIndependent },
    )
    return { path, fileName, bytes: facts.bytes, times }
  }
  const taken: segments.Segment[] = []
  let words = recipe.arguments
  let clock = options.clock
  for (;;) {
    let again = taken.length
    for await (const segment of run(words)) {
      // The same as the first time.
      if (again-- > 0) {
        await unlink(join(scratch, segment.fileName))
        continue
      }
      const last = taken.at(-1)
      const pieces = await piecesOf(segment, options, last && leanOf(last, segment, options))
      for (const piece of pieces) {
        // Only the next one's start tells where a chunk ends, so each waits for its successor.
        if (held) {
          settle(held)
          yield toChunk(held, piece.startSeconds)
        }
        held = piece
      }
      taken.push(segment)
      isWholeHeld = pieces.length === 1
    }
    const { patientArguments } = recipe
    if (!patientArguments || words === patientArguments || !result || !isOutOfOrder(result)) break
    if (hasEdits(options)) break
    const streams = plan.kept.map(({ index }) => index)
    const { startSeconds = 0 } = inspection.media
    const { input } = inspection
    const onRead = () => options.onProgress({})
    clock = await clockBreak({ input, streams, startSeconds, scratch, signal, onRead })
    if (clock || !isWholeHeld) break
    words = patientArguments
    // Some builds finish the last one, as far as they came.
    if (held) await unlink(held.path)
    held = undefined
    taken.pop()
  }
  if (held) settle(held)
  const breaksOff = inspection.breaksOff ?? (await later)
  const isCutOff = recipe.mode === 'copy' && !clock && result !== undefined && endedAtBreak(result)
  const readUntilSeconds = isCutOff && !hasEdits(options) ? await lastWhole(options) : undefined
  const endSeconds = judgeWhole({
    ...options,
    inspection: { ...inspection, ...(breaksOff !== undefined && { breaksOff }) },
    clock,
    readUntilSeconds,
    isPatient: words === recipe.patientArguments,
    last: taken.at(-1),
    result,
    tracks: tally.totals(),
    count: count + (held ? 1 : 0),
  })
  if (held) yield toChunk(held, endSeconds)
  if (recipe.mode === 'copy') for (const warning of cutLosses.warnings()) onWarning(warning)
  if (longer > 0) onWarning(longerWarning(longer))
  if (falseStarts > 0)
    onWarning(
      `${falseStarts} chunks begin where the file declares a keyframe that is not there: their pictures need the previous chunk; mode "exact" cuts cleanly`,
    )
}

/** How far a truncated file can be read. */
function lastWhole({
  inspection,
  plan,
  scratch,
  signal,
  onProgress,
}: CutOptions): Promise<number | undefined> {
  const { input, media } = inspection
  return readUntil({
    input,
    streams: plan.kept.map(({ index }) => index),
    startSeconds: media.startSeconds ?? 0,
    declaredSeconds: media.isDurationEstimated ? undefined : declaredSeconds(media, plan.kept),
    scratch,
    signal,
    onRead: () => onProgress({}),
  })
}

/** FFmpeg's list about a segment that begins with pictures that need the previous one. */
function leanOf(
  last: segments.Segment,
  segment: segments.Segment,
  { recipe, inspection, plan }: CutOptions,
): Lean | undefined {
  const seconds = segments.leanOf(last, segment, inspection.media, plan.video?.framesPerSecond)
  if (seconds !== undefined) return { seconds }
  return recipe.isPacked === true ? {} : undefined
}

/** One, or several when it is larger than it may be. */
async function piecesOf(
  { fileName, startSeconds }: segments.Segment,
  options: CutOptions,
  lean?: Lean,
): Promise<readonly Piece[]> {
  const { plan, cutPlan, scratch, signal } = options
  const { limitBytes = Infinity } = cutPlan
  const look = async (path: string, start: number, depth: number): Promise<readonly Piece[]> => {
    const facts = await chunkFacts(path, plan.container.muxer)
    if (facts.bytes <= limitBytes)
      return [{ path, startSeconds: start, facts, ...(start === startSeconds && { lean }) }]
    const smaller: Piece[] = []
    for (const piece of await splitPiece({ path, limitBytes, depth, plan, scratch, signal }))
      smaller.push(...(await look(piece.path, start + piece.startSeconds, depth + 1)))
    return smaller
  }
  return look(join(scratch, fileName), startSeconds, 0)
}

/** @returns whether it begins with a picture that the file wrongly declares as a keyframe: it was cut where the file declared one */
function mustBeGood(facts: ChunkFacts, index: number, { plan, onWarning }: CutOptions): boolean {
  const flaw = flawOf(facts, plan.video !== undefined)
  if (flaw === undefined) return false
  if (index > 0 && flaw.isPlayable) return true
  // A recording may begin in the middle of a picture: nothing before it is missing from the file.
  if (index > 0 || facts.bytes === 0) throw new PermanentError(`chunk ${index} is invalid: ${flaw.reason}`)
  onWarning(`the first chunk is as the file begins: ${flaw.reason}`)
  return false
}

/** Of its picture; undefined if there is none, or it is unknown. */
function independence({ facts: { tracks }, lean }: Piece, { video }: ChunkPlan): boolean | undefined {
  const picture = video && tracks?.find(({ kind }) => kind === 'video')
  return picture && lean === undefined && picture.isIndependent && picture.beginsWithKeyframe
}

export function tooMany(): PermanentError {
  return new PermanentError(
    `more than ${segments.MAX_CHUNKS} chunks: ask for larger ones or upload a shorter file`,
  )
}
