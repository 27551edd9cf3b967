/** A PNG of few colours. Pure. Source: W3C Portable Network Graphics, 3rd edition. @module */
import { crc32, deflateSync } from 'node:zlib'

export interface IndexedPicture {
  readonly width: number
  readonly height: number
  /** Row by row, a number of a colour each. */
  readonly pixels: Uint8Array
  /** Red, green, blue, opacity: 0 to 255. */
  readonly colours: readonly (readonly [number, number, number, number])[]
}

const SIGNATURE = Buffer.from('89504e470d0a1a0a', 'hex')

export function indexedPng({ width, height, pixels, colours }: IndexedPicture): Buffer {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  // 8 bits a pixel, which are numbers of colours.
  header.set([8, 3], 8)
  // Each row has the number of its filter first: 0 for no filter.
  const rows = Buffer.alloc((width + 1) * height)
  for (let y = 0; y < height; y++) {
    rows.set(pixels.subarray(y * width, (y + 1) * width), y * (width + 1) + 1)
  }
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', header),
    chunk('PLTE', Buffer.from(colours.flatMap(([red, green, blue]) => [red, green, blue]))),
    chunk('tRNS', Buffer.from(colours.map(([, , , opacity]) => opacity))),
    chunk('IDAT', deflateSync(rows)),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

function chunk(type: string, content: Buffer): Buffer {
  const typed = Buffer.concat([Buffer.from(type, 'latin1'), content])
  const out = Buffer.alloc(typed.length + 8)
  out.writeUInt32BE(content.length, 0)
  out.set(typed, 4)
  out.writeUInt32BE(crc32(typed), typed.length + 4)
  return out
}
