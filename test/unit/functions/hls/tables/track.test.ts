import { describe, expect, it } from 'vitest'
import { box, fullBox, halves, words } from '../../../../../functions/hls/tables/box.ts'
import { tableTrack } from '../../../../../functions/hls/tables/track.ts'
import type { DeclaredTrack } from '../../../../../functions/media/bytes/mp4-source.ts'

const UPRIGHT = words(0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
/** Upside down, as in a mirror: a rotation by nothing. */
const MIRRORED = words(0x10000, 0, 0, 0, -0x10000, 0, 0, 0, 0x40000000)
const TABLES = {
  stsd: fullBox('stsd', {}, words(1), box('avc1', Buffer.alloc(78))),
  stts: fullBox('stts', {}, words(1, 2, 500)),
  stss: fullBox('stss', {}, words(1, 1)),
  stsc: fullBox('stsc', {}, words(1, 1, 2, 1)),
  stsz: fullBox('stsz', {}, words(0, 2, 30, 20)),
  stco: fullBox('stco', {}, words(1, 100)),
}
/** `ctts` behind a size of 64 bits. */
const LONG_DELAYS = Buffer.concat([words(1), Buffer.from('ctts'), words(0, 32), words(0, 1, 2, 500)])

interface Made {
  readonly tables?: Partial<Record<keyof typeof TABLES, Buffer>>
  readonly more?: Buffer
  readonly matrix?: Buffer
  readonly movieMatrix?: Buffer
  readonly reference?: Buffer
  readonly tracks?: 1 | 2
}

function moovOf(made: Made): Buffer {
  const { tables, more = Buffer.alloc(0), matrix = UPRIGHT, movieMatrix = UPRIGHT, tracks = 1 } = made
  const { reference = fullBox('url ', { flags: 1 }) } = made
  const trak = box(
    'trak',
    fullBox('tkhd', {}, words(0, 0, 1, 0, 0, 0, 0), halves(0, 0, 0, 0), matrix, words(128 << 16, 72 << 16)),
    box(
      'mdia',
      fullBox('mdhd', {}, words(0, 0, 1_000, 1_000), halves(0, 0)),
      box(
        'minf',
        box('dinf', fullBox('dref', {}, words(1), reference)),
        box('stbl', ...Object.values({ ...TABLES, ...tables }), more),
      ),
    ),
  )
  const header = fullBox(
    'mvhd',
    {},
    words(0, 0, 1_000, 1_000, 0x10000),
    halves(0, 0, 0, 0, 0, 0),
    movieMatrix,
  )
  const rest = Buffer.alloc(28)
  const movie = box('mvhd', header.subarray(8), rest)
  return Buffer.concat([movie, ...Array.from({ length: tracks }, () => trak)])
}

const PICTURE: DeclaredTrack = {
  trackId: 1,
  kind: 'video',
  packets: 2,
  mediaSeconds: 1,
  edits: 0,
  hiddenBefore: 0,
  hiddenAfter: 0,
}
const SOUND: DeclaredTrack = { ...PICTURE, kind: 'audio' }

describe('a track of an MP4', () => {
  it('is read from tables that can be read in one way', () => {
    expect(tableTrack(moovOf({}), PICTURE)).toMatchObject({ packets: 2, ticksPerSecond: 1_000 })
  })

  it.each<[string, Made]>([
    ['whose id another one has too', { tracks: 2 }],
    ['with a table twice', { more: TABLES.stts }],
    ['with a table that has a size of 64 bits', { more: LONG_DELAYS }],
    ['whose samples are in another file', { reference: fullBox('alis', {}, Buffer.alloc(8)) }],
    [
      'whose list of keyframes is empty: FFmpeg looks for them',
      { tables: { stss: fullBox('stss', {}, words(0)) } },
    ],
    ['that is mirrored', { matrix: MIRRORED }],
    ['of a movie that is mirrored', { movieMatrix: MIRRORED }],
  ])('is left to FFmpeg %s', (_, made) => {
    expect(tableTrack(moovOf(made), PICTURE)).toBeUndefined()
  })

  it('may be sound, which has no upright', () => {
    expect(tableTrack(moovOf({ matrix: Buffer.alloc(36) }), SOUND)).toMatchObject({ kind: 'audio' })
  })
})
