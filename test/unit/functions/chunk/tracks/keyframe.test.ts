import { describe, expect, it } from 'vitest'
import { isKeyframe } from '../../../../../functions/chunk/tracks/keyframe.ts'

/** `stsd` with one entry of a format, and a record that says how many bytes a length has. */
function description(format: string, record: string): Buffer {
  const bytes = Buffer.alloc(200)
  bytes.write(format, 12, 'latin1')
  bytes.write(record, 100, 'latin1')
  bytes.fill(0xff, 104)
  return bytes
}
const unit = (...bytes: readonly number[]) => Buffer.from([0, 0, 0, bytes.length, ...bytes])

describe('a picture is a keyframe', () => {
  const avc = description('avc1', 'avcC')
  it.each([
    { name: 'H.264 that resets the decoder', packet: [unit(0x67, 1), unit(0x65, 0x88)], expected: true },
    { name: 'H.264 after a recovery point', packet: [unit(0x06, 6, 1), unit(0x41, 0x9a)], expected: true },
    { name: 'H.264 of parts that need no other', packet: [unit(0x09, 16), unit(0x41, 0x88)], expected: true },
    { name: 'H.264 that needs another one', packet: [unit(0x09, 48), unit(0x41, 0x9a)], expected: false },
    { name: 'nothing but parameters', packet: [unit(0x67, 1), unit(0x68, 1)], expected: undefined },
    { name: 'a length beyond the packet', packet: [Buffer.from([0, 0, 9, 9])], expected: undefined },
  ])('or not, or nobody knows: $name', ({ packet, expected }) => {
    expect(isKeyframe(avc, Buffer.concat(packet))).toBe(expected)
  })

  it('of HEVC by the type of its unit', () => {
    const hevc = description('hvc1', 'hvcC')
    expect(isKeyframe(hevc, Buffer.concat([unit(0x40, 1), unit(0x26, 1, 0xaf)]))).toBe(true)
    expect(isKeyframe(hevc, unit(0x02, 1, 0xd0))).toBe(false)
  })

  it('of MPEG-4 by its two bits, and of other codecs not known', () => {
    const asp = description('mp4v', 'esds')
    expect(isKeyframe(asp, Buffer.from([0, 0, 1, 0xb6, 0x10]))).toBe(true)
    expect(isKeyframe(asp, Buffer.from([0, 0, 1, 0xb6, 0x56]))).toBe(false)
    expect(isKeyframe(description('av01', 'av1C'), Buffer.from([0x12, 0]))).toBeUndefined()
    expect(isKeyframe(undefined, Buffer.alloc(0))).toBeUndefined()
  })
})
