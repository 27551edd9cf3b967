/** Cuts fragmented MP4, as it comes from a pipe, into its top-level boxes. Pure. @module */

export interface TopBox {
  readonly type: string
  /** The whole box, its header included. */
  readonly bytes: Buffer
}

/** Bytes of a box's header: its size in 4 bytes, and its type. */
const HEADER_BYTES = 8
/** Where a size of 8 bytes ends; 1 in the place of the size says that there is one. */
const LONG_HEADER_BYTES = 16

export interface BoxReader {
  /**
   * Takes the next bytes, and hands over each box that they complete.
   *
   * @throws {Error} when a size is impossible, or a box is larger than the reader accepts
   */
  push(bytes: Buffer): void
  /** Bytes of a box that is not complete: 0 when the file ended at the end of a box. */
  readonly waitingBytes: number
}

/**
 * @param maxBoxBytes - the largest box that is gathered in memory: a fragment holds a GOP, or a second of sound
 */
export function createBoxReader(onBox: (box: TopBox) => void, maxBoxBytes: number): BoxReader {
  // Gathered, not joined at each push: a fragment of 8 MB comes in 128 pieces of 64 KiB.
  let parts: Buffer[] = []
  let waitingBytes = 0
  const head = (count: number): Buffer => {
    if ((parts[0]?.length ?? 0) < count) parts = [Buffer.concat(parts)]
    return parts[0] as Buffer
  }
  const sizeOfNext = (): number | undefined => {
    if (waitingBytes < HEADER_BYTES) return undefined
    const short = head(HEADER_BYTES).readUInt32BE(0)
    if (short !== 1) return short
    return waitingBytes < LONG_HEADER_BYTES ? undefined : Number(head(LONG_HEADER_BYTES).readBigUInt64BE(8))
  }
  return {
    push(bytes) {
      parts.push(bytes)
      waitingBytes += bytes.length
      for (let size = sizeOfNext(); size !== undefined; size = sizeOfNext()) {
        if (size < HEADER_BYTES) throw new Error(`a box of ${size} bytes, which is less than its own header`)
        if (size > maxBoxBytes)
          throw new Error(`a box of ${size} bytes, which is more than the ${maxBoxBytes} that are accepted`)
        if (waitingBytes < size) return
        const whole = head(size)
        const box = whole.subarray(0, size)
        parts = whole.length > size ? [whole.subarray(size), ...parts.slice(1)] : parts.slice(1)
        waitingBytes -= size
        onBox({ type: box.toString('latin1', 4, 8), bytes: box })
      }
    },
    get waitingBytes() {
      return waitingBytes
    },
  }
}
