/** Whether a chunk is as long as it is said to be: by its own tables, for each track of picture and sound. Pure. @module */
import type { ChunkTrack } from './chunk-facts.ts'

/** Of a cut, the sound may go on for a packet or two, and B-frames are shown later than they are decoded. */
const TOLERANCE_SECONDS = 0.25

/** @param saidSeconds - by the times of its neighbours */
export function lengthOf(saidSeconds: number, tracks: readonly ChunkTrack[]): number {
  const longest = Math.max(0, ...tracks.map(({ endSeconds }) => endSeconds))
  return longest > saidSeconds + TOLERANCE_SECONDS ? longest : saidSeconds
}

/** Where the last chunk ends: what the file declares is no evidence against the tables of its chunks. */
export function endOf(saidSeconds: number, tracksSeconds: number | undefined): number {
  if (tracksSeconds === undefined || tracksSeconds <= 0) return saidSeconds
  return Math.abs(saidSeconds - tracksSeconds) > TOLERANCE_SECONDS ? tracksSeconds : saidSeconds
}

export function longerWarning(count: number): string {
  const which = count === 1 ? '1 chunk holds' : `${count} chunks hold`
  return `${which} more than the source shows in that part of it: "durationSeconds" is the real length, beyond where the next chunk begins`
}
