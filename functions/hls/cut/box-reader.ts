/** Fragmented MP4, as it comes from a pipe -> its top-level boxes: tables whole, media data as they come. Pure. @module */

export interface BoxEvents {
  /** A box of any type but `mdat`; its bytes include its header, and are the receiver's to change. */
  onBox(type: string, bytes: Buffer): void
  /** The header of an `mdat`, whose payload follows in parts. */
  onMedia(header: Buffer, payloadBytes: number): void
  /** The next bytes of the payload: not gathered, since a GOP may have a hundred megabytes. */
  onMediaPart(bytes: Buffer): void
}

/** Bytes of a box's header: its size in 4 bytes, and its type. */
const HEADER_BYTES = 8
/** Where a size of 8 bytes ends; 1 in the place of the size says that there is one. */
const LONG_HEADER_BYTES = 16
/** Of tables: a fragment of an hour at 240 pictures a second has 14 MB. */
const MAX_TABLE_BYTES = 64 * 1024 ** 2

export interface BoxReader {
  /**
   * Takes the next bytes, and hands over all that they complete.
   *
   * @throws {Error} when a size is impossible, or a table is larger than the reader accepts
   */
  push(bytes: Buffer): void
  /** Bytes that are missing or wait for more: 0 when the file ended at the end of a box. */
  readonly openBytes: number
}

export function createBoxReader(events: BoxEvents, maxTableBytes = MAX_TABLE_BYTES): BoxReader {
  // Gathered, not joined at each push.
  let parts: Buffer[] = []
  let waitingBytes = 0
  let payloadLeft = 0
  const head = (count: number): Buffer => {
    if ((parts[0]?.length ?? 0) < count) parts = [Buffer.concat(parts)]
    return parts[0] as Buffer
  }
  const take = (count: number): Buffer => {
    const whole = head(count)
    parts = whole.length > count ? [whole.subarray(count), ...parts.slice(1)] : parts.slice(1)
    waitingBytes -= count
    return whole.subarray(0, count)
  }
  const passOn = () => {
    while (payloadLeft > 0 && waitingBytes > 0) {
      const bytes = take(Math.min(payloadLeft, parts[0]?.length ?? 0))
      payloadLeft -= bytes.length
      events.onMediaPart(bytes)
    }
  }
  /** Whether there was a whole box, or the header of media. */
  const next = (): boolean => {
    if (waitingBytes < HEADER_BYTES) return false
    const first = head(HEADER_BYTES)
    const [short, type] = [first.readUInt32BE(0), first.toString('latin1', 4, 8)]
    const headerBytes = short === 1 ? LONG_HEADER_BYTES : HEADER_BYTES
    if (waitingBytes < headerBytes) return false
    const size = short === 1 ? Number(head(LONG_HEADER_BYTES).readBigUInt64BE(8)) : short
    if (size < headerBytes) throw new Error(`a box of ${size} bytes, which is less than its own header`)
    if (type === 'mdat') {
      payloadLeft = size - headerBytes
      events.onMedia(take(headerBytes), payloadLeft)
      return true
    }
    if (size > maxTableBytes)
      throw new Error(`a box of ${size} bytes, which is more than the ${maxTableBytes} that are accepted`)
    if (waitingBytes < size) return false
    events.onBox(type, take(size))
    return true
  }
  return {
    push(bytes) {
      parts.push(bytes)
      waitingBytes += bytes.length
      do passOn()
      while (next())
    },
    get openBytes() {
      return payloadLeft + waitingBytes
    },
  }
}
