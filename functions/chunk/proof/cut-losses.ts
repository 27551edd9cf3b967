/** Losses at the cuts of a copy: parts that a player cannot play without the previous chunk. Read from the tables of the chunks. Pure but for its own state. @module */
import type { ChunkTrack } from '../tracks/tracks.ts'
import type { MediaStream } from '../../media/media-info.ts'

/** Sound whose first packet gives nothing but the state for the second. */
const SILENT_START = ['vorbis']

interface Loss {
  cuts: number
  /** The most at one cut, as far as it is known. */
  seconds: number
}

export interface CutLosses {
  /** A chunk that is not the first one. */
  add(chunk: {
    readonly tracks: readonly ChunkTrack[] | undefined
    readonly isIndependent: boolean | undefined
    /** As the list of segments tells it, which is the truth where the container of the source gives no times. */
    readonly leanSeconds?: number | undefined
  }): void
  /** At most one for the picture and one for each sound. */
  warnings(): readonly string[]
}

/** @param kept - in the order of the chunks' tracks */
export function createCutLosses(kept: readonly MediaStream[]): CutLosses {
  const leaning: Loss = { cuts: 0, seconds: 0 }
  const silent = new Map<MediaStream, Loss>()
  const count = (loss: Loss, seconds: number) => {
    loss.cuts++
    loss.seconds = Math.max(loss.seconds, seconds)
  }
  return {
    add({ tracks = [], isIndependent, leanSeconds }) {
      const picture = tracks.find(({ kind }) => kind === 'video')
      if (isIndependent === false) count(leaning, leanSeconds ?? picture?.leanSeconds ?? 0)
      for (const [place, stream] of kept.entries()) {
        const { packets = 0, firstPacketSeconds = 0 } = tracks[place] ?? {}
        if (packets === 0 || !SILENT_START.includes(stream.codec)) continue
        const loss = silent.get(stream) ?? { cuts: 0, seconds: 0 }
        count(loss, firstPacketSeconds)
        silent.set(stream, loss)
      }
    },
    warnings: () => [
      ...(leaning.cuts > 0 ? [leaningWarning(leaning)] : []),
      ...[...silent].map(([stream, loss]) => silentWarning(stream, loss)),
    ],
  }
}

function leaningWarning({ cuts, seconds }: Loss): string {
  const which = cuts === 1 ? '1 chunk begins' : `${cuts} chunks begin`
  const much = seconds > 0 ? ` (up to ${milliseconds(seconds)} at a cut)` : ''
  return `${which} with pictures that need the previous chunk (open GOPs; "independent" is false): their packets are all there, and players may skip these few pictures${much}; mode "exact" keeps them all`
}

function silentWarning({ index, codec }: MediaStream, { cuts, seconds }: Loss): string {
  const where = cuts === 1 ? 'at 1 cut' : `at ${cuts} cuts`
  const much = seconds > 0 ? ` (up to ${milliseconds(seconds)})` : ''
  return `stream ${index} (${codec}): ${where} the first packet${much} gives no sound, because it needs the previous chunk; mode "exact" keeps it all`
}

function milliseconds(seconds: number): string {
  return `${Math.round(seconds * 1_000)} ms`
}
