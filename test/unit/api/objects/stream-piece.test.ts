import { expect, it } from 'vitest'
import { streamPieceInWords, streamPieceOf } from '../../../../runtime/api/objects/stream-piece.ts'

const KEY = 'streams/cam1/20261129T221841Z-ba02e7/002-000012.ts'
const METADATA = { 'sluice-start': '48.080000000001', 'sluice-seconds': '4' }

it('names the stream of a piece, and its place there', () => {
  const piece = streamPieceOf('incoming', KEY, METADATA)
  expect(piece).toEqual({
    name: 'cam1',
    session: '20261129T221841Z-ba02e7',
    take: 2,
    number: 12,
    seconds: 4,
    startSeconds: 48.080000000001,
    isPartial: false,
  })
  expect(piece && streamPieceInWords(piece)).toBe(
    'piece 12 of take 2 of stream cam1, session 20261129T221841Z-ba02e7: 4 s from 48.08 s on',
  )
})

it('says where a sender was cut, and does without metadata', () => {
  const cut = streamPieceOf('incoming', KEY, { ...METADATA, 'sluice-partial': 'true' })
  expect(cut && streamPieceInWords(cut)).toContain('where its sender was cut')
  const bare = streamPieceOf('incoming', KEY)
  expect(bare && streamPieceInWords(bare)).toMatch(/ba02e7$/)
})

it.each([
  ['processed', KEY],
  ['incoming', `${KEY}/x`],
  ['incoming', 'streams/cam1/now/002-000012.ts'],
  ['incoming', 'streams/Cam/20261129T221841Z-ba02e7/002-000012.ts'],
  ['incoming', 'streams/cam1/20261129T221841Z-ba02e7/clip.ts'],
  ['incoming', 'clip.ts'],
])('is nothing of a stream: %s/%s', (bucket, key) => {
  expect(streamPieceOf(bucket, key)).toBeUndefined()
})
