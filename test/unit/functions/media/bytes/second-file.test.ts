import { describe, expect, it } from 'vitest'
import { secondFile } from '../../../../../functions/media/bytes/second-file.ts'

const look = (file: Buffer, demuxer: string, endBytes?: number) =>
  secondFile((start, count) => Promise.resolve(file.subarray(start, start + count)), demuxer, {
    sizeBytes: file.length,
    endBytes,
    maxElements: 100,
  })

function sized(head: string, write: (bytes: Buffer) => void, bytes: number): Buffer {
  const file = Buffer.alloc(bytes)
  file.write(head, 'latin1')
  write(file)
  return file
}
const box = (type: string, bytes = 80) => sized(`....${type}`, (file) => file.writeUInt32BE(bytes), bytes)
const movie = Buffer.concat([box('ftyp'), box('moov', 200), box('free'), box('mdat', 3_000)])
const fragments = Buffer.concat([
  box('ftyp'),
  box('moov'),
  box('moof'),
  box('mdat'),
  box('moof'),
  box('mdat'),
  box('mfra'),
])
const wave = (bytes: number) => sized('RIFF....WAVE', (file) => file.writeUInt32LE(bytes - 8, 4), bytes)
const aiff = sized('FORM....AIFF', (file) => file.writeUInt32BE(292, 4), 300)
const caf = Buffer.concat([
  sized('caff', () => {}, 8),
  sized('desc', (file) => file.writeBigInt64BE(32n, 4), 44),
  sized('data', (file) => file.writeBigInt64BE(500n, 4), 512),
])
const ASF_HEADER = '3026b2758e66cf11a6d900aa0062ce6c'
const asfObject = (id: string, bytes: number) => {
  const file = Buffer.alloc(bytes)
  file.write(id, 'hex')
  file.writeBigUInt64LE(BigInt(bytes), 16)
  return file
}
const asf = Buffer.concat([asfObject(ASF_HEADER, 100), asfObject('36'.repeat(16), 900)])
const matroska = sized('\x1a\x45\xdf\xa3', () => {}, 700)

describe('secondFile', () => {
  it.each([
    { name: 'MP4', demuxer: 'mov', first: movie },
    { name: 'fragmented MP4', demuxer: 'mov', first: fragments },
    { name: 'WAV', demuxer: 'wav', first: wave(400) },
    { name: 'AIFF', demuxer: 'aiff', first: aiff },
    { name: 'CAF', demuxer: 'caf', first: caf },
    { name: 'ASF', demuxer: 'asf', first: asf },
    { name: 'Matroska', demuxer: 'matroska', first: matroska },
  ])('is found behind the end of $name, and not where there is none', async ({ demuxer, first }) => {
    const end = demuxer === 'matroska' ? first.length : undefined
    expect(await look(Buffer.concat([first, first]), demuxer, end)).toEqual({ atByte: first.length })
    expect(await look(Buffer.concat([first, wave(200)]), demuxer, end)).toEqual({ atByte: first.length })
    expect(await look(first, demuxer, end)).toBeUndefined()
    expect(await look(Buffer.concat([first, Buffer.alloc(300)]), demuxer, end)).toBeUndefined()
    expect(await look(Buffer.concat([first, Buffer.alloc(300, 'TAG')]), demuxer, end)).toBeUndefined()
  })

  it('is found behind a WAV of an odd length, which is filled up', async () => {
    const odd = wave(401)
    expect(await look(Buffer.concat([odd, Buffer.alloc(1), wave(200)]), 'wav')).toEqual({ atByte: 402 })
  })

  it('is not a box that may come before the tables, or twice', async () => {
    const mixed = Buffer.concat([
      box('wide'),
      box('mdat', 900),
      box('free'),
      box('moov'),
      box('free'),
      box('mdat'),
    ])
    expect(await look(mixed, 'mov')).toBeUndefined()
  })

  it('is not found in a Matroska file that does not declare its end', async () => {
    expect(await look(Buffer.concat([matroska, matroska]), 'matroska')).toBeUndefined()
  })
})
