import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createBoxReader } from '../../../../../functions/hls/cut/box-reader.ts'

const MAX_BYTES = 10_000

function box(type: string, content: Buffer, isLong = false): Buffer {
  const head = Buffer.alloc(isLong ? 16 : 8)
  head.writeUInt32BE(isLong ? 1 : 8 + content.length)
  head.write(type, 4, 'latin1')
  if (isLong) head.writeBigUInt64BE(BigInt(16 + content.length), 8)
  return Buffer.concat([head, content])
}

interface Found {
  readonly type: string
  readonly bytes: Buffer
}

/** Media data are put together again. */
function read(pieces: readonly Buffer[]) {
  const found: Found[] = []
  const reader = createBoxReader(
    {
      onBox: (type, bytes) => found.push({ type, bytes: Buffer.from(bytes) }),
      onMedia: (header) => found.push({ type: 'mdat', bytes: Buffer.from(header) }),
      onMediaPart(bytes) {
        const last = found.pop()
        found.push({ type: 'mdat', bytes: Buffer.concat([last?.bytes ?? Buffer.alloc(0), bytes]) })
      },
    },
    MAX_BYTES,
  )
  for (const piece of pieces) reader.push(piece)
  return { found, openBytes: reader.openBytes }
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
        const { found, openBytes } = read([...pieces, whole.subarray(at)])
        expect(found.map(({ bytes }) => bytes)).toEqual(boxes)
        expect(found.map(({ type }) => type)).toEqual(parts.map(([type]) => type))
        expect(openBytes).toBe(0)
      }),
    )
  })

  test('have bytes missing or left over where the file is cut off', () => {
    expect(read([box('mdat', Buffer.alloc(100)).subarray(0, 50)]).openBytes).toBe(58)
    expect(read([box('moof', Buffer.alloc(100)).subarray(0, 50)]).openBytes).toBe(50)
  })

  test('give media data on at once, however large they are', () => {
    const whole = box('mdat', Buffer.alloc(10 * MAX_BYTES))
    expect(read([whole]).found[0]?.bytes.equals(whole)).toBe(true)
  })

  test('with a size that cannot be are refused', () => {
    expect(() => read([Buffer.from([0, 0, 0, 7, 109, 111, 111, 102])])).toThrow('a box of 7 bytes')
    expect(() => read([box('moov', Buffer.alloc(MAX_BYTES))])).toThrow(
      'more than the 10000 that are accepted',
    )
  })
})
