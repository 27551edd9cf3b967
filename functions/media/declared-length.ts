/** When a file ends, as it declares it itself. Pure. @module */
import { demuxerNamed } from '../ffmpeg/demuxer.ts'
import type { MediaInfo, MediaStream } from './media-info.ts'

/**
 * When the kept streams end, as the source declares it: a subtitle or a second picture track may last longer.
 * `undefined` when it declares nothing.
 */
export function declaredSeconds(media: MediaInfo, kept: readonly MediaStream[]): number | undefined {
  const latest = latestSeconds(media, kept)
  if (latest !== undefined) return Math.min(latest, media.durationSeconds ?? Infinity)
  return maySubtitlesOutlast(media) ? undefined : media.durationSeconds
}

/** The length of the file is that of its longest stream, which need not be a picture or sound. */
export function maySubtitlesOutlast({ subtitles, data }: MediaInfo): boolean {
  return subtitles.length > 0 || data.some(({ codec }) => !FONTS.includes(codec))
}

const FONTS = ['ttf', 'otf']

/** When the last kept stream ends as declared; undefined when one of them declares nothing. */
export function latestSeconds(media: MediaInfo, kept: readonly MediaStream[]): number | undefined {
  const ends = kept.map(
    ({ startSeconds = 0, durationSeconds = NaN }) =>
      startSeconds - (media.startSeconds ?? 0) + durationSeconds,
  )
  const latest = Math.max(...ends)
  return Number.isFinite(latest) ? latest : undefined
}

/**
 * When one stream ends, as declared, at the earliest: in Matroska FFmpeg counts the length of a stream from the beginning of the file,
 * mkvmerge from the stream's own. `undefined` when it declares nothing itself.
 */
export function declaredEndSeconds(media: MediaInfo, stream: MediaStream): number | undefined {
  const {
    startSeconds: fileStart = 0,
    durationSeconds: whole = Infinity,
    format,
    isDurationEstimated,
  } = media
  const { startSeconds = fileStart, durationSeconds } = stream
  if (durationSeconds === undefined || isDurationEstimated) return undefined
  const counted = demuxerNamed(format) === 'matroska' ? 0 : startSeconds
  return Math.min(counted + durationSeconds - fileStart, whole)
}
