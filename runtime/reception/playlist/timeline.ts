/** The time line of a session: its pieces in order, the joints between them that are not seamless, and what is missing. Pure. @module */
import type { PiecePlace } from '../names.ts'
import { comparePlaces, LOSS_REASONS, type Loss, type Piece } from '../piece.ts'

/** FFmpeg's list of pieces is exact to some milliseconds; a hole of less than this is not one. */
const SEAM_SECONDS = 0.5
/** A longer hole in a sender's own time stamps is a clock that was set, and says nothing of how much is missing. */
const MAX_SOURCE_HOLE_SECONDS = 60

export const GAP_REASONS = [
  ...LOSS_REASONS,
  /** The sender was away. */
  'reconnect',
  /** The sender's own time line has a hole, as after packets that the network lost. */
  'source',
  /** The sender's clock jumped: how much is missing, if anything, cannot be known. */
  'clock',
  /** Nobody knows: the receiver and its disk are gone. */
  'unknown',
] as const
export type GapReason = (typeof GAP_REASONS)[number]

export interface Gap {
  /** The piece after it; undefined at the end of the session. */
  readonly before: PiecePlace | undefined
  readonly seconds: number
  readonly reason: GapReason
}

export interface Entry {
  readonly piece: Piece
  /** Its pictures do not follow on those of the piece before. Never the first one. */
  readonly isDiscontinuity: boolean
  /** The wall clock of its first picture, counted from the start of the seamless run that it is in. */
  readonly startsAtMs: number
}

export interface Timeline {
  readonly entries: readonly Entry[]
  readonly gaps: readonly Gap[]
}

/** @param pieces - in the order of time, as are `losses` */
export function timelineOf(pieces: readonly Piece[], losses: readonly Loss[]): Timeline {
  const entries: Entry[] = []
  const gaps: Gap[] = []
  const left = [...losses]
  let run: { readonly startSeconds: number; readonly atMs: number } | undefined
  for (const piece of pieces) {
    const previous = entries.at(-1)?.piece
    const between = left.splice(0, countBefore(left, piece))
    gaps.push(...gapsBetween(previous, piece, between))
    const isDiscontinuity = previous !== undefined && !isSeamless(previous, piece)
    if (!run || isDiscontinuity) run = { startSeconds: piece.startSeconds, atMs: startsAtMs(piece) }
    const offsetMs = Math.round((piece.startSeconds - run.startSeconds) * 1_000)
    entries.push({ piece, isDiscontinuity, startsAtMs: run.atMs + offsetMs })
  }
  gaps.push(...left.map((loss) => ({ before: undefined, seconds: loss.seconds, reason: loss.reason })))
  return { entries, gaps: gaps.filter(isMissing) }
}

/** A sender that came back in time left nothing out. How much a clock that was set back has cost cannot be known. */
function isMissing({ seconds, reason }: Gap): boolean {
  return seconds > 0 || reason === 'clock'
}

/** Whether `next` follows on `previous` without a hole. Pieces of fragmented MP4 share the time line of their take too. */
export function isSeamless(previous: Piece, next: Piece): boolean {
  return (
    next.take === previous.take &&
    next.number === previous.number + 1 &&
    next.extension === previous.extension &&
    Math.abs(next.startSeconds - endOf(previous)) <= SEAM_SECONDS
  )
}

function gapsBetween(previous: Piece | undefined, next: Piece, losses: readonly Loss[]): Gap[] {
  const before: PiecePlace = { take: next.take, number: next.number, extension: next.extension }
  const gap = (reason: GapReason, seconds: number): Gap => ({ before, reason, seconds: rounded(seconds) })
  const found = losses.map((loss) => gap(loss.reason, loss.seconds))
  const isSameTake = previous?.take === next.take
  const ofTake = losses.filter(({ take }) => take === next.take)
  const lostOfTake = sumOf(ofTake.map(({ seconds }) => seconds))
  const counted = sumOf(ofTake.map(({ from, to }) => to - from + 1))
  const missing = isSameTake ? next.number - previous.number - 1 : next.number
  const holeSeconds = next.startSeconds - (isSameTake ? endOf(previous) : 0)
  const unknownSeconds = missing > counted ? Math.max(0, holeSeconds - lostOfTake) : 0
  if (missing > counted) found.push(gap('unknown', unknownSeconds))
  if (!previous) return found
  if (!isSameTake) {
    const awaySeconds = (startsAtMs(next) - previous.atMs) / 1_000
    const accounted = sumOf(losses.map(({ seconds }) => seconds)) + unknownSeconds
    found.push(gap('reconnect', Math.max(0, awaySeconds - accounted)))
  } else if (missing === 0 && Math.abs(holeSeconds) > SEAM_SECONDS) {
    const isHole = holeSeconds > 0 && holeSeconds <= MAX_SOURCE_HOLE_SECONDS
    found.push(isHole ? gap('source', holeSeconds) : gap('clock', 0))
  }
  return found
}

function countBefore(losses: readonly Loss[], piece: Piece): number {
  const at = losses.findIndex(({ take, from }) => comparePlaces({ take, number: from }, piece) > 0)
  return at === -1 ? losses.length : at
}

function endOf(piece: Piece): number {
  return piece.startSeconds + piece.seconds
}

function startsAtMs(piece: Piece): number {
  return piece.atMs - Math.round(piece.seconds * 1_000)
}

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, each) => sum + each, 0)
}

/** To milliseconds. */
export function rounded(seconds: number): number {
  return Number(seconds.toFixed(3))
}
