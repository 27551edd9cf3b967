/** Boxes of MP4 and QuickTime, and the tables in them. Pure. @module */

export interface Box {
  readonly type: string
  readonly content: Buffer
}

/** A row of a table: so many packets in turn, and what holds for each of them. */
export type Pair = readonly [count: number, value: number]

export interface Edit {
  /** In ticks of the movie; 0 in a fragmented file: to the end. */
  readonly lasts: number
  /** In ticks of the track; -1 for a wait. */
  readonly mediaTime: number
}

export function boxes(content: Buffer | undefined): readonly Box[] {
  const found: Box[] = []
  for (let at = 0; content && at + 8 <= content.length;) {
    const size = content.readUInt32BE(at)
    if (size < 8 || at + size > content.length) break
    found.push({
      type: content.toString('latin1', at + 4, at + 8),
      content: content.subarray(at + 8, at + size),
    })
    at += size
  }
  return found
}

export function find(among: readonly Box[], type: string): Buffer | undefined {
  return among.find((box) => box.type === type)?.content
}

/** Of a box within boxes, such as `minf/stbl/stts`. */
export function within(content: Buffer | undefined, path: string): Buffer | undefined {
  return path.split('/').reduce((inner, type) => find(boxes(inner), type), content)
}

/** Ticks per second, of `mvhd` and `mdhd`. */
export function ticksPerSecond(header: Buffer | undefined): number {
  if (!header || header.length < 24) return 1
  return header.readUInt32BE(header[0] === 1 ? 20 : 12) || 1
}

/** Rows of a count and a value, after version, flags and number of rows. */
export function pairs(table: Buffer | undefined): readonly Pair[] {
  if (!table || table.length < 8) return []
  const rows = Math.min(table.readUInt32BE(4), Math.floor((table.length - 8) / 8))
  return Array.from({ length: rows }, (_, row) => [
    table.readUInt32BE(8 + row * 8),
    // Delays may be negative.
    table.readInt32BE(12 + row * 8),
  ])
}

export function editsOf(list: Buffer | undefined): readonly Edit[] {
  if (!list || list.length < 8) return []
  const isLong = list[0] === 1
  const rowBytes = isLong ? 20 : 12
  const rows = Math.min(list.readUInt32BE(4), Math.floor((list.length - 8) / rowBytes))
  return Array.from({ length: rows }, (_, row) => {
    const at = 8 + row * rowBytes
    return isLong
      ? { lasts: Number(list.readBigUInt64BE(at)), mediaTime: Number(list.readBigInt64BE(at + 8)) }
      : { lasts: list.readUInt32BE(at), mediaTime: list.readInt32BE(at + 4) }
  })
}
