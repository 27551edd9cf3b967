/** What the tables of all chunks say of each track, in the order of the output. Pure but for its own state. @module */
import type { ChunkTrack } from './chunk-facts.ts'

/** Empty where the container has no tables. */
export interface TrackTotals {
  /** On the time line of the source. */
  readonly endsSeconds: readonly number[]
  readonly packets: readonly number[]
  /** Of these, what the chunks' own edit lists hide. */
  readonly hidden: readonly number[]
  /** Ticks of its clock. */
  readonly perSecond: readonly number[]
}

export function createTrackTally() {
  const endsSeconds: number[] = []
  const packets: number[] = []
  const hidden: number[] = []
  const perSecond: number[] = []
  return {
    add(startSeconds: number, tracks: readonly ChunkTrack[] = []): void {
      for (const [place, track] of tracks.entries()) {
        endsSeconds[place] = Math.max(endsSeconds[place] ?? 0, startSeconds + track.endSeconds)
        packets[place] = (packets[place] ?? 0) + track.packets
        hidden[place] = (hidden[place] ?? 0) + track.hidden
        perSecond[place] = track.perSecond
      }
    },
    totals: (): TrackTotals => ({ endsSeconds, packets, hidden, perSecond }),
  }
}
