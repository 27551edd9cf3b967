import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createBoxReader, type TopBox } from '../../../../functions/hls/box-reader.ts'

const MAX_BYTES = 10_000

function box(type: string, content: Buffer, isLong = false): Buffer {
  const head = Buffer.alloc(isLong ? 16 : 8)
  head.writeUInt32BE(isLong ? 1 : 8 + content.length)
  head.write(type, 4, 'latin1')
  if (isLong) head.writeBigUInt64BE(BigInt(16 + content.length), 8)
  return Buffer.concat([head, content])
}

function read(pieces: readonly Buffer[]) {
  const found: TopBox[] = []
  const reader = createBoxReader((one) => found.push({ ...one, bytes: Buffer.from(one.bytes) }), MAX_BYTES)
  for (const piece of pieces) reader.push(piece)
  return { found, waitingBytes: reader.waitingBytes }
}

describe('the boxes of a file that comes in pieces', () => {
  test('are the same however it is divided', () => {
    const content = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes))
    const file = fc.array(fc.tuple(fc.constantFrom('moof', 'mdat', 'free'), content, fc.boolean()), {
      maxLength: 8,
    })
    fc.assert(
      fc.property(file, fc.array(fc.integer({ min: 1, max: 200 }), { maxLength: 100 }), (parts, lengths) => {
        const boxes = parts.map(([type, bytes, isLong]) => box(type, bytes, isLong))
        const whole = Buffer.concat(boxes)
        const pieces: Buffer[] = []
        let at = 0
        for (const length of lengths) pieces.push(whole.subarray(at, (at += length)))
        const { found, waitingBytes } = read([...pieces, whole.subarray(at)])
        expect(found.map(({ bytes }) => bytes)).toEqual(boxes)
        expect(found.map(({ type }) => type)).toEqual(parts.map(([type]) => type))
        expect(waitingBytes).toBe(0)
      }),
    )
  })

  test('that break off are told by the bytes that wait', () => {
    const whole = box('mdat', Buffer.alloc(100))
    expect(read([whole.subarray(0, 50)])).toEqual({ found: [], waitingBytes: 50 })
  })

  test('with a size that cannot be are refused', () => {
    expect(() => read([Buffer.from([0, 0, 0, 7, 109, 111, 111, 102])])).toThrow('a box of 7 bytes')
    expect(() => read([box('mdat', Buffer.alloc(MAX_BYTES))])).toThrow(
      'more than the 10000 that are accepted',
    )
  })
})
