/**
 * The arguments of a take. Pure. Measured with the embedded build of 2018, 5.1 and 7.0.2 (`test/contract/reception.test.ts`).
 * @module
 */
import type { PieceFormat } from '../../runtime/index.ts'
import { CODECS, MAX_ALLOCATION_BYTES, MAX_PIXELS } from '../ffmpeg/allowed.ts'
import type { InputWords } from './take-input.ts'

/** A sender has one picture and one sound that count; a hostile header may announce thousands. */
const MAX_STREAMS = 16
/** A live sender waits for no long look at its beginning. */
const PROBE_BYTES = 2_000_000
const ANALYZE_MICROS = 3_000_000

/**
 * - `flush_packets=1` among the options of the inner muxer, and only there: a killed FFmpeg then leaves all packets but the last few
 *   of its open piece, otherwise an empty file. It costs nothing that can be measured.
 * - `strict=experimental`: FLAC in MP4 was experimental before FFmpeg 6.
 * - `frag_discont`, `avoid_negative_ts` and `use_editlist`: otherwise each piece begins at 0.
 */
const MUXERS: Readonly<Record<PieceFormat, readonly string[]>> = {
  mpegts: ['-segment_format', 'mpegts', '-segment_format_options', 'flush_packets=1'],
  fmp4: [
    '-segment_format',
    'mp4',
    '-segment_format_options',
    'movflags=+frag_keyframe+empty_moov+default_base_moof+frag_discont:frag_duration=500000:flush_packets=1:strict=experimental:avoid_negative_ts=make_non_negative:use_editlist=0',
  ],
}

/**
 * Over RTSP, FFmpeg knows the times of a picture that is shown later than it is decoded (B-frames) only some packets later: the first
 * ones have none, and no muxer takes them; the build of 2018 guesses by itself. The first picture is put a fifth of a second before the
 * next one, so that it stays the first (https://ffmpeg.org/ffmpeg-bitstream-filters.html#setts).
 */
const FIRST_SHOWN = String.raw`if(eq(PTS\,NOPTS)\,NEXT_PTS-0.2/TB\,PTS)`
const LATE_TIMES = String.raw`setts=pts=${FIRST_SHOWN}:dts=if(eq(DTS\,NOPTS)\,if(eq(N\,0)\,${FIRST_SHOWN}-0.2/TB\,PREV_OUTDTS+1)\,max(DTS\,PREV_OUTDTS+1))`

export const PIECE_NAMES: Readonly<Record<PieceFormat, string>> = {
  mpegts: '%06d.ts',
  fmp4: '%06d.mp4',
}

export interface TakeWords {
  readonly input: InputWords
  readonly format: PieceFormat
  readonly pieceSeconds: number
  /** This FFmpeg is 5.1 or newer. */
  readonly isRecent: boolean
}

/**
 * Pieces cut at keyframes, nothing re-encoded; standard output gets a CSV line for each piece that is complete.
 *
 * - `level+info`: the codecs of the pieces are printed as information (`take-lines.ts`); of all else, warnings and errors are kept.
 * - No `-reset_timestamps`: the pieces of a take share one timeline, so players need no discontinuity between them.
 * - `-segment_time_delta 0.05`: a keyframe that comes a little before the grid is taken, and not the next one.
 */
export function takeArguments({ input, format, pieceSeconds, isRecent }: TakeWords): readonly string[] {
  return [
    ...words('-hide_banner -nostdin -nostats -loglevel level+info -progress pipe:3'),
    ...words(`-fflags +genpts+discardcorrupt -max_alloc ${MAX_ALLOCATION_BYTES}`),
    ...words(`-protocol_whitelist ${input.protocols} -format_whitelist ${input.formats}`),
    ...words(`-codec_whitelist ${CODECS.join(',')} -max_pixels ${MAX_PIXELS} -max_streams ${MAX_STREAMS}`),
    ...words(`-probesize ${PROBE_BYTES} -analyzeduration ${ANALYZE_MICROS}`),
    ...input.words,
    ...words('-map 0:V:0? -map 0:a:0? -sn -dn -map_metadata -1 -c copy -max_muxing_queue_size 4096'),
    ...(input.hasLateTimes && isRecent ? ['-bsf:v', LATE_TIMES] : []),
    ...words(`-f segment -segment_time ${pieceSeconds} -segment_time_delta 0.05`),
    ...MUXERS[format],
    ...words('-segment_list pipe:1 -segment_list_type csv'),
    PIECE_NAMES[format],
  ]
}

function words(text: string): readonly string[] {
  return text.split(' ')
}
