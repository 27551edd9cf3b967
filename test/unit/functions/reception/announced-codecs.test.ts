import { describe, expect, it } from 'vitest'
import { announcedCodecs } from '../../../../functions/reception/announced-codecs.ts'

const packet = (hex: string) => Buffer.from(hex.padEnd(188 * 2, 'f'), 'hex')

/** As FFmpeg 5.1 wrote them. */
const SERVICE = packet(
  '474011100042f0250001c10000ff01ff0001fc80144812010646466d70656709536572766963653031777c43ca',
)
const PROGRAMS = packet('474000100000b00d0001c100000001f0002ab104b2')
/** H.264 and AAC. */
const TRACKS = packet('475000100002b0170001c10000e100f0001be100f0000fe101f0002f44b99b')
/** H.264 and AC-3, which is private. */
const PRIVATE = packet('475000100002b01d0001c10000e100f0001be100f00081e101f006050441432d33ce50fcbc')
/** The first packet of a picture, behind a clock; one of the sound; one that continues. */
const PICTURE = packet('47410030075000007b0c7e00000001e0000080c00a31000910a1110007d8610000000109f0')
const SOUND = packet('47410110000001c0')
const MORE = packet('47010011aabbcc')

const codecsIn = (...packets: readonly Buffer[]) => announcedCodecs(Buffer.concat(packets))

describe('the codecs that MPEG-TS announces', () => {
  it('are those of its picture and its sound, as soon as one of them has begun', () => {
    expect(codecsIn(SERVICE, PROGRAMS, TRACKS)).toBeUndefined()
    expect(codecsIn(SERVICE, PROGRAMS, TRACKS, PICTURE, MORE)).toEqual(['h264', 'aac'])
    expect(codecsIn(PROGRAMS, TRACKS, SOUND)).toEqual(['h264', 'aac'])
    expect(codecsIn(PROGRAMS, TRACKS, MORE)).toBeUndefined()
  })

  it('are known when the last packet is cut off', () => {
    expect(codecsIn(PROGRAMS, TRACKS, PICTURE, MORE.subarray(0, 99))).toEqual(['h264', 'aac'])
    expect(codecsIn(PROGRAMS, TRACKS, PICTURE.subarray(0, 99))).toBeUndefined()
  })

  it('are left to ffprobe where a table is missing or one of its bits is wrong', () => {
    expect(codecsIn(PROGRAMS, PICTURE)).toBeUndefined()
    expect(codecsIn(TRACKS, PICTURE)).toBeUndefined()
    const torn = Buffer.from(TRACKS)
    torn.writeUInt8(torn.readUInt8(20) ^ 1, 20)
    expect(codecsIn(PROGRAMS, torn, PICTURE)).toBeUndefined()
  })

  it('are left to ffprobe where a track is private, a packet encrypted, or not all is MPEG-TS', () => {
    expect(codecsIn(PROGRAMS, PRIVATE, PICTURE)).toBeUndefined()
    const encrypted = Buffer.from(MORE)
    encrypted.writeUInt8(encrypted.readUInt8(3) | 0x80, 3)
    expect(codecsIn(PROGRAMS, TRACKS, PICTURE, encrypted)).toBeUndefined()
    expect(codecsIn(PROGRAMS, TRACKS, PICTURE, Buffer.from('<html>'))).toBeUndefined()
    expect(announcedCodecs(Buffer.alloc(400, 'G'))).toBeUndefined()
    expect(announcedCodecs(Buffer.alloc(0))).toBeUndefined()
  })

  it('are those, or left to ffprobe, whatever byte is wrong', () => {
    const whole = Buffer.concat([PROGRAMS, TRACKS, PICTURE])
    for (let at = 0; at < whole.length; at++)
      for (const byte of [0, 0x47, 0xff]) {
        const changed = Buffer.from(whole)
        changed.writeUInt8(byte, at)
        expect([undefined, ['h264', 'aac']]).toContainEqual(announcedCodecs(changed))
      }
  })
})
