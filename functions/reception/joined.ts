/** Pieces of a session -> the files that they become, and the arguments for each. Pure. @module */
import type { StreamPiece } from '../../runtime/index.ts'
import { CODECS, MAX_ALLOCATION_BYTES, MAX_PIXELS } from '../ffmpeg/allowed.ts'

export const KINDS = ['mp4', 'ts'] as const
export type Kind = (typeof KINDS)[number]

/** Pieces that become one file. */
export interface Part {
  /** Such as `session.mp4`. */
  readonly fileName: string
  readonly kind: Kind
  readonly isMpegts: boolean
  readonly pieces: readonly StreamPiece[]
}

/**
 * One part, when all pieces are MPEG-TS, whose demuxer closes the jumps between the time lines of takes. The demuxer of MP4
 * does not, so a session with other pieces has a part for each take.
 */
export function partsOf(pieces: readonly StreamPiece[], kind: Kind): readonly Part[] {
  if (pieces.length === 0) return []
  if (pieces.every(({ key }) => key.endsWith('.ts')))
    return [{ fileName: `session.${kind}`, kind, isMpegts: true, pieces }]
  const takes = [...new Set(pieces.map(({ take }) => take))]
  return takes.map((take) => {
    const own = pieces.filter((piece) => piece.take === take)
    const number = takes.length === 1 ? '' : `-${String(take).padStart(3, '0')}`
    const isMpegts = own.every(({ key }) => key.endsWith('.ts'))
    return { fileName: `session${number}.${kind}`, kind, isMpegts, pieces: own }
  })
}

/**
 * FFmpeg, for one file of the pieces that arrive one after the other at its standard input.
 *
 * - No `+discardcorrupt`: the counters of packets start again with each piece, and what looks torn there is whole.
 * - `strict=experimental`: FLAC in MP4 was experimental before FFmpeg 6.
 */
export function joinArguments({ fileName, kind, isMpegts }: Part): readonly string[] {
  const words = `-hide_banner -nostdin -nostats -y -loglevel warning -progress pipe:3 -fflags +genpts
    -max_alloc ${MAX_ALLOCATION_BYTES} -protocol_whitelist pipe -codec_whitelist ${CODECS.join(',')}
    -format_whitelist ${isMpegts ? 'mpegts' : 'mov,mp4,m4a,3gp,3g2,mj2'} -f ${isMpegts ? 'mpegts' : 'mov'}
    -max_pixels ${MAX_PIXELS} -max_streams 16 -i pipe:0
    -map 0:V:0? -map 0:a:0? -map_metadata -1 -c copy -max_muxing_queue_size 4096
    ${kind === 'mp4' ? '-strict experimental -movflags +faststart -f mp4' : '-f mpegts'} ${fileName}`
  return words.trim().split(/\s+/)
}
