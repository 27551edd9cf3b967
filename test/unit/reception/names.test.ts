import { describe, expect, it } from 'vitest'
import {
  isSession,
  isStreamName,
  newSession,
  pieceFileName,
  pieceKey,
  pieceName,
  pieceUri,
  placeOfFile,
  placeOfPiece,
  playlistKey,
  recordKey,
  startOfSession,
} from '../../../runtime/reception/names.ts'

const OF = { name: 'cam1', session: '20261129T221841Z-ba02e7' }
const PIECE = { take: 2, number: 17, extension: '.ts' }

describe('the name of a stream', () => {
  it.each(['cam1', '0', 'a.b_c-d', 'x'.repeat(64)])('may be %s', (name) => {
    expect(isStreamName(name)).toBe(true)
  })

  it.each(['', 'Cam', '.hidden', '-x', '../x', 'a/b', 'a b', 'x'.repeat(65), 'é', 'a\n', '~x'])(
    'may not be %j',
    (name) => expect(isStreamName(name)).toBe(false),
  )
})

describe('the name of a session', () => {
  it('begins with its start and cannot be guessed', () => {
    const [one, other] = [newSession(Date.UTC(2026, 10, 29, 22, 18, 41, 7)), newSession(0)]
    expect(one).toMatch(/^20261129T221841Z-[0-9a-f]{6}$/)
    expect([one, other].every(isSession)).toBe(true)
    expect(isSession('../x')).toBe(false)
  })
})

describe('the keys of a session', () => {
  it('lie in one folder of each bucket', () => {
    expect(pieceKey(OF, PIECE)).toBe('streams/cam1/20261129T221841Z-ba02e7/002-000017.ts')
    expect(playlistKey(OF)).toBe('streams/cam1/20261129T221841Z-ba02e7/live.m3u8')
    expect(recordKey(OF)).toBe('streams/cam1/20261129T221841Z-ba02e7/session.json')
  })

  it('lead from the playlist to a piece', () => {
    const address = new URL(pieceUri(OF, PIECE), `http://store/processed/${playlistKey(OF)}`)
    expect(address.pathname).toBe(`/incoming/${pieceKey(OF, PIECE)}`)
  })

  it('say which piece they are of', () => {
    for (const piece of [PIECE, { take: 1_000, number: 1_000_000, extension: '.mp4' }])
      expect(placeOfPiece(pieceKey(OF, piece))).toEqual(piece)
    expect(['live.m3u8', '02-000017.ts', '002-17.ts', 'x002-000017.ts'].map(placeOfPiece)).toEqual(
      Array(4).fill(undefined),
    )
  })

  it('of pieces are in order of time', () => {
    const places = [1, 2, 11].flatMap((take) =>
      [0, 9, 10, 99_999].map((number) => ({ take, number, extension: '.ts' })),
    )
    const names = places.map(pieceName)
    expect(names.toSorted()).toEqual(names)
  })
})

it("FFmpeg's file names say their number", () => {
  expect(placeOfFile('000012.ts')).toEqual({ number: 12, extension: '.ts' })
  expect(pieceFileName({ number: 12, extension: '.ts' })).toBe('000012.ts')
  expect(['owner.json', '12.ts', '000012.tmp'].map(placeOfFile)).toEqual([undefined, undefined, undefined])
})

it('reads the start of a session from its name, to the second', () => {
  const startedAtMs = Date.UTC(2026, 10, 29, 22, 18, 41)
  expect(startOfSession(newSession(startedAtMs + 999))).toBe(startedAtMs)
})
