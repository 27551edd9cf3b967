/**
 * Files that are several recordings in a row: live WebM that was joined, FLV to which a stream was appended after
 * an interruption. The clock goes back at each joint; FFmpeg drops all pictures that come too late for its own. Pure.
 * @module
 */
import type { Packet } from './packets.ts'

export interface Joints {
  /** On the timeline of the chunks, which continues over each joint. */
  readonly atSeconds: readonly number[]
  /** How long the whole lasts. */
  readonly endSeconds: number
  /**
   * By the number of a stream, for each time its clock goes back: what to add from there on. Absent where one stream alone does not
   * tell when the next recording begins.
   */
  readonly offsetsSeconds?: ReadonlyMap<number, readonly number[]>
}

/** Less than this is disorder, which FFmpeg tolerates. */
const BACK_SECONDS = 0.1

/** More would not fit into FFmpeg's arguments. */
const MAX_JOINTS = 1_000

/** Pure but for its own state. */
export function createJointFinder(streams: readonly number[]) {
  interface Track {
    readonly offsets: { readonly part: number }[]
    clock?: number
    part: number
  }
  interface Part {
    startSeconds: number
    endSeconds: number
  }
  const tracks = new Map<number, Track>(streams.map((stream) => [stream, { offsets: [], part: 0 }]))
  const parts: Part[] = [{ startSeconds: Infinity, endSeconds: -Infinity }]
  let isClear = true
  return {
    add({ stream, pts, dts, duration = 0, isKey }: Omit<Packet, 'bytes'>): void {
      const track = tracks.get(stream)
      const shown = pts ?? dts
      if (!track || shown === undefined) return
      // The first packets of H.264 in Matroska have no time of decoding, and are not in the order in which they are shown.
      const clock = dts ?? (isKey ? pts : undefined)
      const isBack = clock !== undefined && track.clock !== undefined && clock < track.clock - BACK_SECONDS
      // The first stream that goes back takes all others along: everything after it in the file belongs to the next recording.
      if (isBack && isKey && track.part === parts.length - 1) {
        if (parts.length > MAX_JOINTS) isClear = false
        else parts.push({ startSeconds: Infinity, endSeconds: -Infinity })
      }
      const part = parts.length - 1
      if (clock !== undefined) {
        if (track.part !== part) {
          if (isBack) track.offsets.push({ part })
          else isClear = false
        }
        track.part = part
        track.clock = clock
      }
      const current = parts[part]
      if (!current) return
      current.startSeconds = Math.min(current.startSeconds, shown)
      current.endSeconds = Math.max(current.endSeconds, shown + duration)
    },
    end(): Joints | undefined {
      if (parts.length === 1) return undefined
      const [first] = parts
      const startSeconds = first?.startSeconds ?? 0
      const offsets: number[] = []
      let endSeconds = startSeconds
      for (const part of parts) {
        const offset = offsets.length === 0 ? 0 : endSeconds - part.startSeconds
        offsets.push(offset)
        endSeconds = Math.max(endSeconds, part.endSeconds + offset)
      }
      const starts = parts.map((part, place) => part.startSeconds + (offsets[place] ?? 0) - startSeconds)
      return {
        atSeconds: starts.slice(1),
        endSeconds: endSeconds - startSeconds,
        ...(isClear && {
          offsetsSeconds: new Map(
            [...tracks].map(([stream, track]) => [
              stream,
              track.offsets.map(({ part }) => offsets[part] ?? 0),
            ]),
          ),
        }),
      }
    },
  }
}

/**
 * An expression of FFmpeg's `setpts` and `asetpts` that adds `offsets[n]` from the time on when a stream's clock has gone back
 * n + 1 times. In quotes, since it has commas.
 */
export function continuedClock(offsets: readonly number[]): string {
  const steps = offsets.map((offset, place) => {
    const more = offset - (offsets[place - 1] ?? 0)
    return `gte(ld(0),${place + 1})*(${more.toFixed(6)})`
  })
  return `'PTS+(0*st(0,ld(0)+lt(T,PREV_INT-${BACK_SECONDS}))+${steps.join('+')})/TB'`
}
