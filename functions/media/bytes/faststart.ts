/** Whether a browser can begin to play an MP4 before it has all of it. @module */

type Read = (start: number, count: number) => Promise<Buffer>

const MAX_BOXES = 100

/** Its tables (`moov`) come before its packets (`mdat`). */
export async function isFaststart(read: Read, sizeBytes: number): Promise<boolean> {
  let at = 0
  for (let count = 0; count < MAX_BOXES && at + 16 <= sizeBytes; count++) {
    const head = await read(at, 16)
    const [short, type] = [head.readUInt32BE(0), head.toString('latin1', 4, 8)]
    if (type === 'moov') return true
    if (type === 'mdat') return false
    const size = short === 1 ? Number(head.readBigUInt64BE(8)) : short
    if (size < 8) return false
    at += size
  }
  return false
}
