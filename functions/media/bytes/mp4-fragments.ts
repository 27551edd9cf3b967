/**
 * Whether the fragments of an MP4 are all there: each box says where the next one begins, and FFmpeg silently skips one that
 * does not fit. A file that is not fragmented has tables that name every packet, and FFmpeg complains of those.
 * @module
 */

const HEADER_BYTES = 16
/** Of a large object each read is a request: small fragments are looked at by the dozen. */
const WINDOW_BYTES = 64 * 1024
const MAX_PADDING_BYTES = 64 * 1024

type Read = (start: number, count: number) => Promise<Buffer>

/** Where the check stopped, to continue later. */
export interface Place {
  readonly at: number
  readonly isFragmented: boolean
}

export const BEGINNING: Place = { at: 0, isFragmented: false }

/**
 * Whether each box of a fragmented MP4 leads to the next one, from a place on: where they end too early or lead nowhere, in
 * words; the place where the look ended after `maxBoxes`; or undefined at the end of the file.
 *
 * @param of - `read` gives up to `count` bytes from `start` on
 */
export async function lookOn(
  from: Place,
  of: { readonly read: Read; readonly sizeBytes: number; readonly maxBoxes: number },
): Promise<string | Place | undefined> {
  const { read, sizeBytes, maxBoxes } = of
  const header = windowed(read)
  let { at, isFragmented } = from
  for (let count = 0; at + 8 <= sizeBytes; count++) {
    if (count >= maxBoxes) return { at, isFragmented }
    const head = await header(at)
    const type = head.toString('latin1', 4, 8)
    const bytes = boxBytes(head)
    const isBox = /^[ -~©]{4}$/.test(type)
    // Without a length: to the end of the file. And some pad what they write.
    if (isBox ? bytes === 0 : await isPadding(read, at, sizeBytes)) return undefined
    isFragmented ||= type === 'moof'
    if (!isBox || !(bytes >= 8)) {
      return isFragmented
        ? `the file is damaged: there is no fragment at byte ${at}, where one should be`
        : undefined
    }
    at += bytes
  }
  if (!isFragmented || at <= sizeBytes) return undefined
  return `the file is truncated: its last fragment ends at byte ${at}, and there are ${sizeBytes}`
}

/** The first bytes of the box at a place. */
function windowed(read: Read): (at: number) => Promise<Buffer> {
  let window: Buffer = Buffer.alloc(0)
  let windowAt = 0
  return async (at) => {
    if (at < windowAt || at + HEADER_BYTES > windowAt + window.length) {
      window = await read(at, WINDOW_BYTES)
      windowAt = at
    }
    return window.subarray(at - windowAt, at - windowAt + HEADER_BYTES)
  }
}

async function isPadding(read: Read, at: number, sizeBytes: number): Promise<boolean> {
  const restBytes = sizeBytes - at
  return restBytes <= MAX_PADDING_BYTES && (await read(at, restBytes)).every((byte) => byte === 0)
}

/** NaN where the length has no room in the file. */
function boxBytes(header: Buffer): number {
  const bytes = header.readUInt32BE(0)
  if (bytes !== 1) return bytes
  return header.length < HEADER_BYTES ? NaN : Number(header.readBigUInt64BE(8))
}
