/**
 * The packets of one picture track from the tables of an MP4 or QuickTime file, as ffprobe would list them, without a look at its
 * media data: half of the reading that a copy takes. Pure. Only for tables that can be read in one way; for others there is no
 * answer, and the packets are listed.
 * @module
 */
import type { DeclaredTrack } from '../../media/bytes/mp4-source.ts'
import type { Packet } from '../../media/packets/packets.ts'
import { toMicros } from '../../media/seconds.ts'
import { tableTrack } from '../tables/track.ts'

export type TimedPacket = Pick<Packet, 'pts' | 'duration' | 'isKey'>

/**
 * Calls `onPacket` with each packet in the order of decoding, times in seconds as ffprobe rounds them.
 *
 * @param moov - the content of the box
 * @returns whether the tables could be read in one way; otherwise what `onPacket` got is worth nothing
 */
export function packetsInTables(
  moov: Buffer,
  declared: DeclaredTrack,
  onPacket: (packet: TimedPacket) => void,
): boolean {
  const track = tableTrack(moov, declared)
  const samples = track?.samples()
  if (track?.kind !== 'video' || !samples) return false
  const { ticksPerSecond: perSecond, beginTicks, hasEdit } = track
  let [decodedAt, earliest] = [0, Infinity]
  while (samples.next()) {
    const { ticks, delay, isKey } = samples
    if (ticks < 0) return false
    const shownAt = decodedAt + delay - beginTicks
    earliest = Math.min(earliest, shownAt)
    onPacket({ pts: toMicros(shownAt / perSecond), duration: toMicros(ticks / perSecond), isKey })
    decodedAt += ticks
  }
  // Every keyframe was met, every row used; and what is shown first is where the edit begins.
  return samples.isExact && (hasEdit ? earliest === 0 : earliest >= 0)
}
