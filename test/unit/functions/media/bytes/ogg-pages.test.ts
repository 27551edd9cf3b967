/** Where the links of a chained Ogg begin, and how a file ends, by its pages alone. */
import { describe, expect, it } from 'vitest'
import { createLinkFinder, endOfOgg, firstSerials } from '../../../../../functions/media/bytes/ogg-pages.ts'

const [FIRST, LAST] = [2, 4]

function page(serial: number, flags: number, body = 400): Buffer {
  const table = [...Array.from({ length: Math.floor(body / 255) }, () => 255), body % 255]
  const header = Buffer.alloc(27)
  header.write('OggS')
  header[5] = flags
  header.writeUInt32LE(serial, 14)
  header[26] = table.length
  return Buffer.concat([header, Buffer.from(table), Buffer.alloc(body, 0x55)])
}

/** Of two streams, as a film is. */
function link(serial: number): Buffer {
  const pages = [page(serial, FIRST, 30), page(serial + 1, FIRST, 40)]
  for (let count = 0; count < 20; count++) pages.push(page(serial + (count % 2), 0, 50_000))
  return Buffer.concat([...pages, page(serial, LAST), page(serial + 1, LAST)])
}

function linksOf(file: Buffer, step = file.length) {
  const finder = createLinkFinder()
  for (let at = 0; at < file.length; at += step) finder.add(file.subarray(at, at + step))
  return finder.end()
}

describe('links of Ogg', () => {
  const [one, two, three] = [link(1), link(7), link(11)]
  const ends = [one.length, one.length + two.length, one.length + two.length + three.length]

  it('begin where the first pages of streams follow other pages, however the bytes arrive', () => {
    const file = Buffer.concat([one, two, three])
    const ranges = ends.map((endByte, place) => ({ startByte: ends[place - 1] ?? 0, endByte }))
    for (const step of [file.length, 100_003, 70_000]) expect(linksOf(file, step)).toEqual(ranges)
    expect(linksOf(one)).toEqual([{ startByte: 0, endByte: one.length }])
  })

  it('are found after one that is cut off in the middle of a page', () => {
    const torn = one.subarray(0, -300)
    const [, second] = linksOf(Buffer.concat([torn, two]), 100_003)
    expect(second).toEqual({ startByte: torn.length, endByte: torn.length + two.length })
    expect(endOfOgg(torn)).toMatchObject({ isTorn: true })
  })

  it('have streams that their first pages name', () => {
    expect(firstSerials(two)).toEqual([7, 8])
    expect(firstSerials(Buffer.from('no Ogg at all'))).toEqual([])
  })
})

describe('the end of an Ogg', () => {
  it('is torn within a page or its header, and whole where tags of another program follow', () => {
    const file = link(1)
    expect(endOfOgg(file)).toEqual({ serial: 2, isTorn: false, isMarked: true })
    expect(endOfOgg(file.subarray(0, -1))).toMatchObject({ isTorn: true })
    expect(endOfOgg(Buffer.concat([file, page(1, 0).subarray(0, 20)]))).toMatchObject({ isTorn: true })
    expect(endOfOgg(Buffer.concat([file, Buffer.from('TAG of 1999')]))).toMatchObject({ isTorn: false })
  })

  it('is not marked where the last page is one of many', () => {
    const file = Buffer.concat([page(1, FIRST), page(1, 0)])
    expect(endOfOgg(file)).toEqual({ serial: 1, isTorn: false, isMarked: false })
    expect(endOfOgg(Buffer.alloc(100))).toBeUndefined()
  })
})
