/**
 * A plain MP4 -> its tracks as fragmented MP4, by its tables alone: its bytes are read once, in their order, and go to the
 * segments as they come. What FFmpeg would do, without the two pipes and the process between.
 * @module
 */
import type { Source } from '../../../runtime/index.ts'
import { FlawError } from '../cut/segmenter.ts'
import { fragmentsOf } from './fragments.ts'
import type { TableTrack } from './track.ts'

export interface CopiedTrack {
  readonly track: TableTrack
  readonly init: Buffer
  /** The next bytes of the track; they are valid until it has taken them. */
  readonly take: (bytes: Buffer) => void | Promise<void>
}

export interface CopyOptions {
  readonly source: Pick<Source, 'steps'>
  readonly tracks: readonly CopiedTrack[]
  readonly signal: AbortSignal
  readonly onProgress: (progress: { readonly mediaSeconds: number }) => void
}

/** @throws {FlawError} when the source ends before its last sample */
export async function copyTracks({ source, tracks, signal, onProgress }: CopyOptions): Promise<void> {
  for (const { init, take } of tracks) await take(init)
  const lanes = tracks.map((each) => laneOf(each, (mediaSeconds) => onProgress({ mediaSeconds })))
  const from = Math.min(...lanes.map((lane) => lane.startsAt()))
  let at = from
  for await (const bytes of source.steps(from, Infinity)) {
    signal.throwIfAborted()
    for (const lane of lanes) await lane.feed(bytes, at)
    at += bytes.length
    // Leaving the loop ends the reading.
    if (lanes.every((lane) => lane.isDone())) return
  }
  throw new FlawError(`the source ended after ${at} bytes, before its last sample`)
}

/** One track's way through the bytes of the source. */
function laneOf({ track, take }: CopiedTrack, onFragment: (shownSeconds: number) => void) {
  const fragments = fragmentsOf(track)
  let step = fragments.next()
  let [range, isBegun] = [0, false]
  return {
    startsAt: () => (step.done ? Infinity : (step.value.ranges[0]?.start ?? Infinity)),
    isDone: () => step.done === true,
    /** @param from - where in the source they begin */
    async feed(bytes: Buffer, from: number): Promise<void> {
      const to = from + bytes.length
      while (!step.done) {
        const { head, ranges, shownSeconds } = step.value
        const { start, end } = ranges[range] ?? { start: 0, end: 0 }
        if (start >= to) return
        if (!isBegun) {
          onFragment(shownSeconds)
          const taken = take(head)
          if (taken) await taken
          isBegun = true
        }
        const taken = take(bytes.subarray(Math.max(start, from) - from, Math.min(end, to) - from))
        if (taken) await taken
        if (end > to) return
        if (++range < ranges.length) continue
        step = fragments.next()
        ;[range, isBegun] = [0, false]
      }
    },
  }
}
