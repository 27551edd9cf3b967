/** Pieces of a session and what was lost of it, also as the bucket's user metadata tells of them. Pure. @module */
import type { ObjectHead } from '../storage/storage.ts'
import type { PiecePlace } from './names.ts'

export interface Piece extends PiecePlace {
  /** On the time line of its take. */
  readonly startSeconds: number
  readonly seconds: number
  readonly sizeBytes: number
  /** Of fragmented MP4: the size of its header, which a player has to have first. */
  readonly headerBytes?: number | undefined
  /** A track that it announces has nothing in it. */
  readonly hasSilentTrack?: true | undefined
  /** The wall clock of its end, epoch milliseconds. */
  readonly atMs: number
  /** Its take was cut within it. */
  readonly isPartial: boolean
  /** Known from its sending on. */
  readonly sha256Hex?: string | undefined
}

/** Reasons for which a received piece never reached the bucket. */
export const LOSS_REASONS = ['spool-full', 'disk-full', 'file-lost', 'key-taken'] as const
export type LossReason = (typeof LOSS_REASONS)[number]

/** Pieces of a take, in a row, that were received and lost. */
export interface Loss {
  readonly take: number
  readonly from: number
  /** Included. */
  readonly to: number
  readonly seconds: number
  readonly reason: LossReason
}

/** In the order of time. */
export function comparePlaces(
  a: Pick<PiecePlace, 'take' | 'number'>,
  b: Pick<PiecePlace, 'take' | 'number'>,
): number {
  return a.take - b.take || a.number - b.number
}

/** Identifies a piece within its session. */
export function placeId({ take, number }: Pick<PiecePlace, 'take' | 'number'>): string {
  return `${take}-${number}`
}

/** The numbers of all pieces of a take that are accounted for. */
export function numbersOf(
  take: number,
  pieces: readonly Piece[],
  losses: readonly Loss[],
): ReadonlySet<number> {
  const numbers = new Set(pieces.filter((piece) => piece.take === take).map(({ number }) => number))
  for (const loss of losses.filter((each) => each.take === take))
    for (let number = loss.from; number <= loss.to; number++) numbers.add(number)
  return numbers
}

/** The losses with one piece more; what is next to the last one becomes part of it, so that a hole stays one. */
export function withLoss(losses: readonly Loss[], piece: Piece, reason: LossReason): readonly Loss[] {
  const last = losses.at(-1)
  const { take, number, seconds } = piece
  if (last && last.take === take && last.reason === reason && last.to === number - 1)
    return [...losses.slice(0, -1), { ...last, to: number, seconds: last.seconds + seconds }]
  return [...losses, { take, from: number, to: number, seconds, reason }].toSorted(compareLosses)
}

/** Both, each lost piece once. */
export function mergedLosses(some: readonly Loss[], others: readonly Loss[]): readonly Loss[] {
  const isIn = (loss: Loss) =>
    some.some(({ take, from, to }) => take === loss.take && from <= loss.to && loss.from <= to)
  return [...some, ...others.filter((loss) => !isIn(loss))].toSorted(compareLosses)
}

function compareLosses(a: Loss, b: Loss): number {
  return a.take - b.take || a.from - b.from
}

/** The losses without the pieces that were found after all: an upload that was given up may have arrived. */
export function lossesWithout(losses: readonly Loss[], found: readonly Piece[]): readonly Loss[] {
  return losses.flatMap((loss) => {
    const inside = found.filter(
      ({ take, number }) => take === loss.take && number >= loss.from && number <= loss.to,
    )
    if (inside.length === 0) return [loss]
    const numbers = [...inside.map(({ number }) => number), loss.to + 1]
    const foundSeconds = inside.reduce((sum, { seconds }) => sum + seconds, 0)
    const count = loss.to - loss.from + 1 - inside.length
    const each = count === 0 ? 0 : Math.max(0, loss.seconds - foundSeconds) / count
    let from = loss.from
    return numbers.flatMap((number) => {
      const part = { ...loss, from, to: number - 1, seconds: each * (number - from) }
      from = number + 1
      return part.to >= part.from ? [part] : []
    })
  })
}

export function metadataOf(piece: Piece, isDiscontinuity: boolean): Readonly<Record<string, string>> {
  return {
    'sluice-start': String(piece.startSeconds),
    'sluice-seconds': String(piece.seconds),
    'sluice-at': new Date(piece.atMs).toISOString(),
    ...(piece.headerBytes !== undefined && { 'sluice-header': String(piece.headerBytes) }),
    ...(piece.hasSilentTrack && { 'sluice-silent-track': 'true' }),
    ...(piece.isPartial && { 'sluice-partial': 'true' }),
    ...(isDiscontinuity && { 'sluice-discontinuity': 'true' }),
  }
}

/** The piece that an object is; undefined when it was not written by reception. */
export function pieceOf(place: PiecePlace, head: ObjectHead): Piece | undefined {
  const { metadata, sizeBytes, sha256Hex } = head
  const [startSeconds, seconds] = [Number(metadata['sluice-start']), Number(metadata['sluice-seconds'])]
  const atMs = Date.parse(metadata['sluice-at'] ?? '')
  if (![startSeconds, seconds, atMs].every(Number.isFinite)) return undefined
  const headerBytes = Number(metadata['sluice-header'])
  return {
    ...place,
    startSeconds,
    seconds,
    sizeBytes,
    atMs,
    isPartial: metadata['sluice-partial'] === 'true',
    ...(headerBytes > 0 && { headerBytes }),
    ...(metadata['sluice-silent-track'] === 'true' && { hasSilentTrack: true as const }),
    sha256Hex,
  }
}
