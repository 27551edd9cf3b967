/** When a file ends, as it declares it itself. Pure. @module */
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
function maySubtitlesOutlast({ subtitles, data }: MediaInfo): boolean {
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
