/** Width and height in the bytes of a picture, to see that FFmpeg made what was planned. Pure. @module */
import type { Size } from './size.ts'

/** So much of a file holds its size: FFmpeg writes little before it. */
export const HEAD_BYTES = 64 * 1024

/** Of a JPEG, PNG or WebP; `undefined` when it is none of them, or broken. */
export function imageSize(head: Buffer): Size | undefined {
  if (head.length < 30) return undefined
  if (head.readUInt16BE(0) === 0xffd8) return jpegSize(head)
  if (head.toString('latin1', 1, 4) === 'PNG')
    return { width: head.readUInt32BE(16), height: head.readUInt32BE(20) }
  if (head.toString('latin1', 8, 12) === 'WEBP') return webpSize(head)
  return undefined
}

/** ITU-T T.81, B.1.1.3 and B.2.2: the frame header is a segment whose marker is `FFC0` to `FFCF`, but for three others. */
function jpegSize(head: Buffer): Size | undefined {
  let at = 2
  while (at + 9 <= head.length && head[at] === 0xff) {
    const marker = head[at + 1] ?? 0
    if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker))
      return { width: head.readUInt16BE(at + 7), height: head.readUInt16BE(at + 5) }
    at += 2 + head.readUInt16BE(at + 2)
  }
  return undefined
}

/** RFC 9649, 2.5 to 2.7. */
function webpSize(head: Buffer): Size | undefined {
  const kind = head.toString('latin1', 12, 16)
  if (kind === 'VP8X') return { width: head.readUIntLE(24, 3) + 1, height: head.readUIntLE(27, 3) + 1 }
  if (kind === 'VP8 ')
    return { width: head.readUInt16LE(26) & 0x3fff, height: head.readUInt16LE(28) & 0x3fff }
  if (kind !== 'VP8L') return undefined
  const bits = head.readUInt32LE(21)
  return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 }
}
