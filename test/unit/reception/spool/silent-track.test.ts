import { describe, expect, it } from 'vitest'
import { hasSilentTrack } from '../../../../runtime/reception/spool/silent-track.ts'

const PICTURES = 0x100
const SOUND = 0x101
const MAP = 0x1000

function packet(id: number, payload: Buffer, begins = true): Buffer {
  const head = Buffer.from([0x47, (begins ? 0x40 : 0) | (id >> 8), id & 0xff, 0x10])
  return Buffer.concat([head, payload, Buffer.alloc(184 - payload.length, 0xff)])
}

/** As in ISO/IEC 13818-1, 2.4.4: a pointer, the table, and a checksum that nobody looks at. */
function table(kind: number, rest: readonly number[]): Buffer {
  const length = rest.length + 9
  return Buffer.from([0, kind, 0xb0, length, 0, 1, 0xc1, 0, 0, ...rest, 0, 0, 0, 0])
}

const pat = packet(0, table(0, [0, 1, 0xe0 | (MAP >> 8), MAP & 0xff]))
const track = (kind: number, id: number) => [kind, 0xe0 | (id >> 8), id & 0xff, 0xf0, 0]
const map = (...tracks: number[][]) => packet(MAP, table(2, [0xe1, 0, 0xf0, 0, ...tracks.flat()]))
const both = map(track(0x1b, PICTURES), track(0x0f, SOUND))
const media = (id: number, begins = true) => packet(id, Buffer.alloc(100, 1), begins)

describe('a track that a short piece announces', () => {
  it('is missed when no packet of it begins', () => {
    expect(hasSilentTrack(Buffer.concat([pat, both, media(PICTURES)]))).toBe(true)
    expect(hasSilentTrack(Buffer.concat([pat, both, media(SOUND)]))).toBe(true)
    expect(hasSilentTrack(Buffer.concat([pat, both, media(PICTURES), media(SOUND, false)]))).toBe(true)
  })

  it('is not missed when it is there, whatever else is, and when the tables come again', () => {
    expect(hasSilentTrack(Buffer.concat([pat, both, media(PICTURES), media(SOUND), pat, both]))).toBe(false)
    expect(hasSilentTrack(Buffer.concat([pat, map(track(0x1b, PICTURES)), media(PICTURES)]))).toBe(false)
  })

  it('is found behind what fills a packet up', () => {
    const filled = Buffer.concat([Buffer.from([0x47, 0x41, 0x01, 0x30, 7, 0, 0, 0, 0, 0, 0, 0])])
    const sound = Buffer.concat([filled, Buffer.alloc(188 - filled.length, 1)])
    expect(hasSilentTrack(Buffer.concat([pat, both, media(PICTURES), sound]))).toBe(false)
  })

  it('is not looked for in other files, and tables may be torn anywhere', () => {
    const whole = Buffer.concat([pat, both, media(PICTURES), media(SOUND)])
    for (let length = 0; length < whole.length; length++)
      expect(() => hasSilentTrack(whole.subarray(0, length))).not.toThrow()
    expect(hasSilentTrack(Buffer.from('nothing of the kind'))).toBe(false)
    expect(
      hasSilentTrack(Buffer.concat([packet(0, Buffer.from([250, 0])), packet(MAP, Buffer.from([0]))])),
    ).toBe(false)
  })
})
