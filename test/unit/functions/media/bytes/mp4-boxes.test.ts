import { describe, expect, it } from 'vitest'
import { boxes, editsOf, pairs } from '../../../../../functions/media/bytes/mp4-boxes.ts'

const empty = Buffer.from('\0\0\0\x08free', 'latin1')

function table(rows: number, words: number): Buffer {
  const bytes = Buffer.alloc(8 + rows * words * 4)
  bytes.writeUInt32BE(rows, 4)
  return bytes
}

describe('a table that is made to fill the memory of its reader', () => {
  it('has no more boxes than a plausible one', () => {
    expect(boxes(Buffer.concat(Array<Buffer>(5_000).fill(empty)))).toHaveLength(1_000)
  })

  it('has no more edits', () => {
    expect(editsOf(table(20_000, 3))).toHaveLength(10_000)
  })

  it('is read row by row', () => {
    const rows = pairs(table(1_000_000, 2))
    expect(rows.next()).toEqual({ done: false, value: [0, 0] })
    expect([...pairs(table(3, 2))]).toHaveLength(3)
  })
})
