/** Boxes of MP4 and QuickTime, the tables in them, and which packets an edit list hides. Pure. @module */

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

/** In one box. A table may be 256 MiB, and of empty boxes alone it would fill 6 GB of memory. */
const MAX_BOXES = 1_000

/** The first {@link MAX_BOXES} within a box. */
export function boxes(content: Buffer | undefined): readonly Box[] {
  const found: Box[] = []
  for (let at = 0; content && at + 8 <= content.length && found.length < MAX_BOXES;) {
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

/** Rows of a count and a value, after version, flags and number of rows. One after the other: a table may have millions. */
export function* pairs(table: Buffer | undefined): Generator<Pair, void, void> {
  if (!table || table.length < 8) return
  const rows = Math.min(table.readUInt32BE(4), Math.floor((table.length - 8) / 8))
  // Delays may be negative.
  for (let row = 0; row < rows; row++)
    yield [table.readUInt32BE(8 + row * 8), table.readInt32BE(12 + row * 8)]
}

/** More are a sign of damage, and nobody looks at them one by one. */
const MAX_EDITS = 10_000

export function editsOf(list: Buffer | undefined): readonly Edit[] {
  if (!list || list.length < 8) return []
  const isLong = list[0] === 1
  const rowBytes = isLong ? 20 : 12
  const rows = Math.min(list.readUInt32BE(4), Math.floor((list.length - 8) / rowBytes), MAX_EDITS)
  return Array.from({ length: rows }, (_, row) => {
    const at = 8 + row * rowBytes
    return isLong
      ? { lasts: Number(list.readBigUInt64BE(at)), mediaTime: Number(list.readBigInt64BE(at + 8)) }
      : { lasts: list.readUInt32BE(at), mediaTime: list.readInt32BE(at + 4) }
  })
}

export interface Hidden {
  readonly before: number
  readonly after: number
}

const NONE: Hidden = { before: 0, after: 0 }
/** Of sound without compression each sample is one: nobody looks at millions of them one by one. */
const MAX_LOOKED_AT = 5_000_000

/** Before and after what the only edit of a track shows; none where there are several, or none. */
export function hiddenPackets(
  trak: Buffer,
  of: { readonly moviePerSecond: number; readonly packets: number; readonly isPicture: boolean },
): Hidden {
  const { moviePerSecond, packets, isPicture } = of
  const [edit, ...others] = editsOf(within(trak, 'edts/elst')).filter(({ mediaTime }) => mediaTime >= 0)
  if (!edit || others.length > 0 || packets > MAX_LOOKED_AT) return NONE
  const tables = boxes(within(trak, 'mdia/minf/stbl'))
  const from = edit.mediaTime
  const ticks = Math.round((edit.lasts * ticksPerSecond(within(trak, 'mdia/mdhd'))) / moviePerSecond)
  const to = edit.lasts === 0 ? Infinity : from + ticks
  let [before, after, decodedAt, left] = [0, 0, 0, packets]
  const delay = delays(pairs(find(tables, 'ctts')))
  for (const [count, lasts] of pairs(find(tables, 'stts'))) {
    // A row may lie about how many there are.
    for (let packet = 0; packet < count && left > 0; packet++, left--) {
      const shownAt = decodedAt + delay()
      // As FFmpeg has it: of sound a part of a packet can be heard, and a picture is there from its beginning or not at all.
      if (isPicture ? shownAt < from : shownAt + lasts <= from) before++
      else if (shownAt >= to) after++
      decodedAt += lasts
    }
  }
  return { before, after }
}

/** Of one packet after the other; 0 behind the last row. */
function delays(rows: Iterator<Pair, void>): () => number {
  let [left, value] = [0, 0]
  return () => {
    while (left <= 0) {
      const row = rows.next().value
      ;[left, value] = row ?? [Infinity, 0]
    }
    left--
    return value
  }
}
