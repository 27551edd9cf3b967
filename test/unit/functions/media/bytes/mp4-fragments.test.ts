import { describe, expect, it } from 'vitest'
import { BEGINNING, lookOn } from '../../../../../functions/media/bytes/mp4-fragments.ts'

function box(type: string, contentBytes: number): Buffer {
  const bytes = Buffer.alloc(8 + contentBytes, 7)
  bytes.writeUInt32BE(bytes.length)
  bytes.write(type, 4, 'latin1')
  return bytes
}

function largeBox(type: string, contentBytes: number): Buffer {
  const bytes = Buffer.alloc(16 + contentBytes)
  bytes.writeUInt32BE(1)
  bytes.write(type, 4, 'latin1')
  bytes.writeBigUInt64BE(BigInt(bytes.length), 8)
  return bytes
}

const readerOf = (file: Buffer) => (start: number, count: number) =>
  Promise.resolve(file.subarray(start, start + count))

const broken = (...parts: readonly Buffer[]) => {
  const file = Buffer.concat(parts)
  return lookOn(BEGINNING, { read: readerOf(file), sizeBytes: file.length, maxBoxes: 10 })
}

const [ftyp, moov, moof, mdat] = [box('ftyp', 16), box('moov', 100), box('moof', 40), box('mdat', 500)]

describe('the fragments of a file', () => {
  it('are all there when each box leads to the next one, up to the end', async () => {
    expect(await broken(ftyp, moov, moof, mdat, moof, largeBox('mdat', 30), box('mfra', 8))).toBeUndefined()
    expect(await broken(ftyp, moov, moof, mdat, Buffer.alloc(7))).toBeUndefined()
  })

  it('may end with a box that extends to the end of the file, or with padding', async () => {
    const open = box('mdat', 900)
    open.writeUInt32BE(0)
    expect(await broken(ftyp, moov, moof, open)).toBeUndefined()
    expect(await broken(ftyp, moov, moof, mdat, Buffer.alloc(64))).toBeUndefined()
  })

  it('are damaged where a box leads to none, and the byte is named', async () => {
    const hole = mdat.subarray(0, 300)
    expect(await broken(ftyp, moov, moof, hole, moof, mdat)).toMatch(/damaged|truncated/)
    expect(await broken(ftyp, moov, moof, mdat, Buffer.alloc(40, 7))).toBe(
      `the file is damaged: there is no fragment at byte ${ftyp.length + moov.length + moof.length + mdat.length}, where one should be`,
    )
  })

  it('are truncated where the last box is longer than the file', async () => {
    expect(await broken(ftyp, moov, moof, mdat.subarray(0, 100))).toMatch(
      /^the file is truncated: .* byte 688\b/,
    )
  })

  it('are not checked in a file whose tables name every packet, whatever is appended to it', async () => {
    expect(await broken(ftyp, moov, mdat, Buffer.alloc(99, 7))).toBeUndefined()
    expect(await broken(ftyp, moov, mdat.subarray(0, 20))).toBeUndefined()
  })

  it('are looked at in turns, however many there are, with one read for many small ones', async () => {
    const small = Array.from({ length: 500 }, () => [moof, box('mdat', 20)]).flat()
    const file = Buffer.concat([ftyp, moov, ...small, moof, mdat.subarray(0, 100)])
    let reads = 0
    const read = (start: number, count: number) => {
      reads++
      return readerOf(file)(start, count)
    }
    const of = { read, sizeBytes: file.length }
    const place = await lookOn(BEGINNING, { ...of, maxBoxes: 700 })
    expect(place).toMatchObject({ isFragmented: true })
    if (place === undefined || typeof place === 'string') throw new Error('it stopped in the middle')
    expect(await lookOn(place, { ...of, maxBoxes: 1_000_000 })).toMatch(/truncated/)
    expect(reads).toBeLessThan(10)
  })
})
