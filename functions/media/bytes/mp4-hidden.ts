/** Which packets of a track of MP4 or QuickTime its edit list hides. Pure. @module */
import { boxes, editsOf, find, pairs, ticksPerSecond, within, type Pair } from './mp4-boxes.ts'

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

/** Of one packet after the other. */
function delays(rows: readonly Pair[]): () => number {
  let [row, left] = [0, rows[0]?.[0] ?? Infinity]
  return () => {
    while (left <= 0 && row < rows.length) left += rows[++row]?.[0] ?? Infinity
    left--
    return rows[row]?.[1] ?? 0
  }
}
