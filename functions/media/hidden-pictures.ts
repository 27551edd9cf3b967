/**
 * Cases where MP4 written by FFmpeg before 5 cannot be trusted: it takes the last packet for the last picture, and with B-frames
 * at irregular times it writes an edit list that ends too early. The pictures after it are in the file, and no player shows them. Pure.
 * @module
 */
import type { FfmpegBinaries } from '../ffmpeg/build/binaries.ts'
import { rateOf } from './picture-facts.ts'

interface RatedStream {
  readonly codec_type?: string
  readonly has_b_frames?: number
  readonly avg_frame_rate?: string
  readonly r_frame_rate?: string
}

/** Rates that differ by less are rounding. */
const UNEVEN = 0.02

/** @param inspection - with ffprobe's own document */
export function hidesPictures(
  { document }: { readonly document: object },
  { hasFpsMode }: Pick<FfmpegBinaries, 'hasFpsMode'>,
): boolean {
  // The two came with the same release.
  if (hasFpsMode) return false
  const { streams = [] } = document as { readonly streams?: readonly RatedStream[] }
  return streams.some((stream) => {
    const [average, real] = [rateOf(stream.avg_frame_rate ?? ''), rateOf(stream.r_frame_rate ?? '')]
    const isUneven = Math.abs(average - real) > UNEVEN * real
    return stream.codec_type === 'video' && (stream.has_b_frames ?? 0) > 0 && isUneven
  })
}
