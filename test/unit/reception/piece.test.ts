import { describe, expect, it } from 'vitest'
import {
  lossesWithout,
  mergedLosses,
  metadataOf,
  pieceOf,
  withLoss,
  type Loss,
  type Piece,
} from '../../../runtime/reception/piece.ts'
import { take } from './pieces.ts'

const lossOf = (...pieces: Piece[]) =>
  pieces.reduce<readonly Loss[]>((losses, piece) => withLoss(losses, piece, 'spool-full'), [])

describe('losses', () => {
  it('of pieces in a row are one', () => {
    expect(lossOf(...take(1, [4, 4, 2]))).toEqual([
      { take: 1, from: 0, to: 2, seconds: 10, reason: 'spool-full' },
    ])
  })

  it('of pieces apart, or of other takes, are several', () => {
    const [a, , c] = take(1, [4, 4, 4]) as [Piece, Piece, Piece]
    expect(lossOf(a, c, ...take(2, [4]))).toHaveLength(3)
  })

  it('do not count a piece that is in the bucket after all', () => {
    const pieces = take(1, [4, 4, 4, 4, 4])
    const losses = lossOf(...pieces)
    expect(lossesWithout(losses, [])).toEqual(losses)
    expect(lossesWithout(losses, pieces)).toEqual([])
    expect(lossesWithout(losses, [pieces[1] as Piece])).toMatchObject([
      { from: 0, to: 0, seconds: 4 },
      { from: 2, to: 4, seconds: 12 },
    ])
  })

  it('that two receivers know are counted once', () => {
    const [one, other] = [lossOf(...take(1, [4, 4])), lossOf(...take(2, [4]))]
    expect(mergedLosses(one, [...one, ...other])).toEqual([...one, ...other])
  })
})

describe('the metadata of a piece', () => {
  it('tells all that is needed to make the list of pieces again', () => {
    for (const isPartial of [false, true]) {
      const [piece] = take(3, [2.083333], { startSeconds: 4.08 }) as [Piece]
      const metadata = metadataOf({ ...piece, isPartial }, true)
      const head = { etag: 'e', sizeBytes: piece.sizeBytes, lastModifiedMs: 0, metadata }
      expect(pieceOf(piece, head)).toEqual({ ...piece, isPartial, sha256Hex: undefined })
      expect(metadata['sluice-discontinuity']).toBe('true')
    }
  })

  it('of an object that somebody else put there makes no piece of it', () => {
    const place = { take: 1, number: 0, extension: '.ts' }
    const head = { etag: 'e', sizeBytes: 1, lastModifiedMs: 0, metadata: { 'sluice-start': 'x' } }
    expect(pieceOf(place, head)).toBeUndefined()
  })
})
