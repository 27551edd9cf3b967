/** Of an object that is a piece of a stream: the stream and its place there, by its key and metadata. Pure. @module */
import { pieceOfKey } from '../../reception/names.ts'
import { INCOMING_BUCKET } from '../../storage/names.ts'
import type { ObjectView } from './model.ts'

export type StreamPiece = NonNullable<ObjectView['stream']>

/** Undefined for any other object. */
export function streamPieceOf(
  bucket: string,
  key: string,
  metadata: Readonly<Record<string, string>> = {},
): StreamPiece | undefined {
  const piece = bucket === INCOMING_BUCKET ? pieceOfKey(key) : undefined
  if (!piece) return undefined
  const { name, session, take, number } = piece
  // A person may have uploaded something under such a key, without the receiver's metadata.
  const seconds = Number(metadata['sluice-seconds'] ?? Number.NaN)
  const startSeconds = Number(metadata['sluice-start'] ?? Number.NaN)
  return {
    name,
    session,
    take,
    number,
    ...(Number.isFinite(seconds) && { seconds }),
    ...(Number.isFinite(startSeconds) && { startSeconds }),
    isPartial: metadata['sluice-partial'] === 'true',
  }
}

/** Such as `piece 12 of take 1 of stream cam1, session 20261129T221841Z-ba02e7: 4 s from 48 s on`. */
export function streamPieceInWords(piece: StreamPiece): string {
  const { name, session, take, number, seconds, startSeconds, isPartial } = piece
  const place = `piece ${number} of take ${take} of stream ${name}, session ${session}`
  if (seconds === undefined || startSeconds === undefined) return place
  return `${place}: ${rounded(seconds)} s from ${rounded(startSeconds)} s on${isPartial ? ', where its sender was cut' : ''}`
}

function rounded(seconds: number): number {
  return Math.round(seconds * 1_000) / 1_000
}
