/** Pieces and time lines for tests. @module */
import type { Piece } from '../../../runtime/reception/piece.ts'

export const AT_MS = Date.UTC(2026, 10, 29, 22, 18, 41)

/** Pieces of a take that follow on each other; the first ends at `atMs`. */
export function take(
  take: number,
  lengths: readonly number[],
  options: { readonly first?: number; readonly startSeconds?: number; readonly atMs?: number } = {},
): Piece[] {
  const { first = 0, startSeconds = 0, atMs = AT_MS } = options
  let start = startSeconds
  let endMs = atMs - (lengths[0] ?? 0) * 1_000
  return lengths.map((seconds, index) => {
    const piece = {
      take,
      number: first + index,
      extension: '.ts',
      startSeconds: start,
      seconds,
      sizeBytes: 1_000,
      atMs: (endMs += seconds * 1_000),
      isPartial: false,
    }
    start += seconds
    return piece
  })
}
