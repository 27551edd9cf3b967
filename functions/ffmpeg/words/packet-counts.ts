/**
 * FFmpeg's counts for each stream, printed at its end (level "verbose", in the same words in every build): packets read,
 * pictures or audio frames decoded and encoded, and packets passed to the muxer. Pure but for its own state.
 * @module
 */

export interface ReadCounts {
  readonly packets: number
  /** Absent where nothing is decoded. */
  readonly decoded?: number
}

export interface WrittenCounts {
  readonly packets: number
  /** Absent where nothing is encoded. */
  readonly encoded?: number
}

export interface PacketCounts {
  /** By the stream's number in the source. */
  readonly read: ReadonlyMap<number, ReadCounts>
  /** By the stream's place in the output. */
  readonly muxed: ReadonlyMap<number, WrittenCounts>
}

/** A packet whose time lies before the one that was written last: FFmpeg gives it another one, or ends. */
export interface BackStep {
  /** Of the stream in the output. */
  readonly place: number
  /** In ticks of the muxer. */
  readonly previous: number
  readonly current: number
}

export interface PacketCounter {
  /** A line of standard error. */
  add(line: string): void
  /** Undefined when FFmpeg ended before it printed them. */
  counts(): PacketCounts | undefined
  /** Of each stream the one that goes back furthest. */
  backSteps(): readonly BackStep[]
}

/** Shape: `  Input stream #0:1 (audio): 802 packets read (161530 bytes); 802 frames decoded; 0 decode errors (768312 samples); ` */
const READ = /Input stream #0:(\d+) \(\w+\): (\d+) packets read \(\d+ bytes\);(?: (\d+) frames decoded)?/
/** Shape: `  Output stream #0:0 (video): 201 frames encoded; 201 packets muxed (760179 bytes); ` */
const MUXED = /Output stream #0:(\d+) \(\w+\): (?:(\d+) frames encoded[^;]*; )?(\d+) packets muxed/

/**
 * Shape: `[segment @ 0x1b] Non-monotonous DTS in output stream 0:1; previous: 8001, current: 0; aborting.`, and in newer builds
 * `[aost#0:1/copy @ 0x21] Non-monotonic DTS; previous: 8001, current: 0; changing to 8002.`
 */
const BACK =
  /(?:#0:(\d+)\/.*)?Non-monoton\w+ DTS(?: in output stream 0:(\d+))?; previous: (-?\d+), current: (-?\d+)/

export function createPacketCounter(): PacketCounter {
  const read = new Map<number, ReadCounts>()
  const muxed = new Map<number, WrittenCounts>()
  const back = new Map<number, BackStep>()
  const step = (line: string) => {
    const [, newer, older, previous, current] = BACK.exec(line) ?? []
    if (previous === undefined) return
    const found = { place: Number(newer ?? older ?? 0), previous: Number(previous), current: Number(current) }
    const last = back.get(found.place)
    if (!last || found.previous - found.current > last.previous - last.current) back.set(found.place, found)
  }
  return {
    add(line) {
      step(line)
      const [, index, packets, decoded] = READ.exec(line) ?? []
      if (index !== undefined)
        read.set(Number(index), {
          packets: Number(packets),
          ...(decoded !== undefined && { decoded: Number(decoded) }),
        })
      const [, place, encoded, handed] = MUXED.exec(line) ?? []
      if (place !== undefined)
        muxed.set(Number(place), {
          packets: Number(handed),
          ...(encoded !== undefined && { encoded: Number(encoded) }),
        })
    },
    counts: () => (read.size > 0 && muxed.size > 0 ? { read, muxed } : undefined),
    backSteps: () => [...back.values()],
  }
}
