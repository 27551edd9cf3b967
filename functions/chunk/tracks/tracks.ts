/** The tracks of a chunk by its own tables, their totals over all chunks, and whether a chunk is as long as it should be. Pure but for its own state. @module */

export interface ChunkTrack {
  readonly kind: 'video' | 'audio' | 'other'
  readonly packets: number
  /** Its clock: ticks in a second. */
  readonly perSecond: number
  /** Where its last packet ends, counted from the beginning of the chunk. */
  readonly endSeconds: number
  /** Of a picture: so many of them its edit list hides. */
  readonly hidden: number
  readonly keyframes: number
  /** Of a picture: it can be decoded from its first packet on. */
  readonly beginsWithKeyframe: boolean
  /** Of a picture: nothing after its first packet is shown before it, as pictures that need the previous chunk would be. */
  readonly isIndependent: boolean
  /** Of a picture that is not: for how long the pictures that need the previous chunk are shown; absent where its times do not tell. */
  readonly leanSeconds?: number
  /** From its first packet to its second; absent where nobody asks. */
  readonly firstPacketSeconds?: number
}

/** Empty where the container has no tables. */
export interface TrackTotals {
  /** On the timeline of the source. */
  readonly endsSeconds: readonly number[]
  readonly packets: readonly number[]
  /** Of these, the ones that the chunks' own edit lists hide. */
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

/** At a cut, the sound may continue for a packet or two, and B-frames are shown later than they are decoded. */
const TOLERANCE_SECONDS = 0.25

/** @param saidSeconds - by the times of its neighbours */
export function lengthOf(saidSeconds: number, tracks: readonly ChunkTrack[]): number {
  const longest = Math.max(0, ...tracks.map(({ endSeconds }) => endSeconds))
  return longest > saidSeconds + TOLERANCE_SECONDS ? longest : saidSeconds
}

/** Where the last chunk ends: the file's declaration does not outweigh the tables of its chunks. */
export function endOf(saidSeconds: number, tracksSeconds: number | undefined): number {
  if (tracksSeconds === undefined || tracksSeconds <= 0) return saidSeconds
  return Math.abs(saidSeconds - tracksSeconds) > TOLERANCE_SECONDS ? tracksSeconds : saidSeconds
}

export function longerWarning(count: number): string {
  const which = count === 1 ? '1 chunk holds' : `${count} chunks hold`
  return `${which} more than the source shows in that part: "durationSeconds" is the real length, which reaches past the start of the next chunk`
}
