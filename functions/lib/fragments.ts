/**
 * Whether the fragments of an MP4 are all there: each box says where the next one begins, and FFmpeg passes over what does not
 * fit without a word. A file that is not fragmented has tables that name every packet, and FFmpeg complains of those.
 * @module
 */

const HEADER_BYTES = 16
const MAX_PADDING_BYTES = 64 * 1024

/**
 * Where the boxes of a fragmented MP4 end too early or lead nowhere, in words; undefined when they go on to its end.
 *
 * @param read - up to `count` bytes from `start` on
 * @param maxBoxes - what has more of them is believed
 */
export async function brokenFragments(
  read: (start: number, count: number) => Promise<Buffer>,
  sizeBytes: number,
  maxBoxes: number,
): Promise<string | undefined> {
  let isFragmented = false
  let at = 0
  for (let count = 0; count < maxBoxes && at + 8 <= sizeBytes; count++) {
    const header = await read(at, HEADER_BYTES)
    const type = header.toString('latin1', 4, 8)
    const bytes = boxBytes(header)
    const isBox = /^[ -~©]{4}$/.test(type)
    // Without a length: to the end of the file. And some pad what they write.
    if (isBox ? bytes === 0 : await isPadding(read, at, sizeBytes)) return undefined
    isFragmented ||= type === 'moof'
    if (!isBox || !(bytes >= 8)) {
      return isFragmented
        ? `the file is damaged: at byte ${at} there is no fragment where one should be`
        : undefined
    }
    at += bytes
  }
  if (!isFragmented || at <= sizeBytes) return undefined
  return `the file is truncated: its last fragment ends at byte ${at}, and there are ${sizeBytes}`
}

async function isPadding(
  read: (start: number, count: number) => Promise<Buffer>,
  at: number,
  sizeBytes: number,
): Promise<boolean> {
  const restBytes = sizeBytes - at
  return restBytes <= MAX_PADDING_BYTES && (await read(at, restBytes)).every((byte) => byte === 0)
}

/** NaN where the length has no room in the file. */
function boxBytes(header: Buffer): number {
  const bytes = header.readUInt32BE(0)
  if (bytes !== 1) return bytes
  return header.length < HEADER_BYTES ? NaN : Number(header.readBigUInt64BE(8))
}
