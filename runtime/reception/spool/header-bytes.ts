/**
 * The header of a piece in fragmented MP4: the boxes before its first fragment, which a player has to have first
 * (ISO/IEC 14496-12, 8.16; RFC 8216, 3.3).
 * @module
 */
import { closeSync, openSync, readSync } from 'node:fs'

/** A header of pictures and sound has some 1,200 bytes. */
const MOST_BYTES = 64 * 1024
const BOX_BYTES = 8

/** Its size; undefined when the beginning of the file has none. Pure. */
export function headerBytesOf(head: Buffer): number | undefined {
  let hasMovie = false
  for (let at = 0; at + BOX_BYTES <= head.length;) {
    const type = head.toString('latin1', at + 4, at + BOX_BYTES)
    if (type === 'moof') return hasMovie ? at : undefined
    hasMovie ||= type === 'moov'
    const sizeBytes = head.readUInt32BE(at)
    if (sizeBytes < BOX_BYTES) return undefined
    at += sizeBytes
  }
  return undefined
}

/** Of a file; undefined for one that is not fragmented MP4. */
export function headerBytesIn(path: string): number | undefined {
  const file = openSync(path, 'r')
  try {
    const head = Buffer.alloc(MOST_BYTES)
    return headerBytesOf(head.subarray(0, readSync(file, head, 0, MOST_BYTES, 0)))
  } finally {
    closeSync(file)
  }
}
