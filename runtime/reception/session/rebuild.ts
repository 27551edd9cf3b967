/** The pieces of a session as the bucket has them: by a listing, and the metadata of those that the caller does not know. @module */
import { batchesOf } from '../../amounts.ts'
import { INCOMING_BUCKET } from '../../storage/names.ts'
import type { Storage } from '../../storage/storage.ts'
import { pieceKey, placeOfPiece, sessionPrefix, type PiecePlace, type SessionOf } from '../names.ts'
import { comparePlaces, pieceOf, placeId, type Piece } from '../piece.ts'

const HEADS_AT_A_TIME = 8

/**
 * In the order of time.
 *
 * @param known - pieces that need not be asked for
 */
export async function piecesInBucket(
  storage: Storage,
  of: SessionOf,
  known: readonly Piece[],
  signal?: AbortSignal,
): Promise<readonly Piece[]> {
  const byPlace = new Map(known.map((piece) => [placeId(piece), piece]))
  const places: PiecePlace[] = []
  for await (const { key } of storage.list(INCOMING_BUCKET, { prefix: sessionPrefix(of), signal })) {
    const place = placeOfPiece(key)
    if (place) places.push(place)
  }
  const pieces: Piece[] = []
  for (const batch of batchesOf(places, HEADS_AT_A_TIME))
    pieces.push(...(await Promise.all(batch.map(read))).filter((piece) => piece !== undefined))
  return pieces.toSorted(comparePlaces)

  async function read(place: PiecePlace): Promise<Piece | undefined> {
    const piece = byPlace.get(placeId(place))
    if (piece) return piece
    const head = await storage.head(INCOMING_BUCKET, pieceKey(of, place), { signal })
    return head && pieceOf(place, head)
  }
}
