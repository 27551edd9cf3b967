/** Files that functions on media accept, by name and by their own description: others are refused before a packet is cut or decoded. Pure. @module */
import { hours, MAX_MEDIA_SECONDS, MAX_PIXELS, MAX_STREAMS, TOO_LONG } from '../ffmpeg/allowed.ts'
import { demuxerNamed } from '../ffmpeg/demuxer.ts'
import type { MediaInfo } from './media-info.ts'
import type { DeclaredTrack } from './bytes/mp4-source.ts'

/** Why it is refused, as a sentence without its full stop. */
export function refusalOfMedia(media: MediaInfo): string | undefined {
  if (demuxerNamed(media.format) === undefined) return `its format (${media.format}) is not accepted here`
  const count = [media.video, media.audio, media.subtitles, media.covers, media.data].flat().length
  if (count === 0) return 'it has neither a video nor an audio stream'
  const [main] = [...media.video, ...media.audio]
  if (main && [...media.video, ...media.audio].every(({ isAccepted = true }) => !isAccepted))
    return `its codec (${main.codec}) is not accepted here`
  if (count > MAX_STREAMS) return `it has ${count} streams, and at most ${MAX_STREAMS} are accepted`
  // A cover is never decoded.
  const large = media.video.find(({ width = 0, height = 0 }) => width * height > MAX_PIXELS)
  if (large) {
    return `its picture of ${large.width} x ${large.height} is larger than the ${MAX_PIXELS} pixels that are accepted`
  }
  const { durationSeconds = 0, isDurationEstimated } = media
  if (!isDurationEstimated && durationSeconds > MAX_MEDIA_SECONDS) {
    return `it declares to last ${hours(durationSeconds)}, and at most ${hours(MAX_MEDIA_SECONDS)} are accepted`
  }
  return undefined
}

/** By the tables of an MP4: builds of FFmpeg differ in what they make of such times, and some silently lose packets. */
export function refusalOfTracks(tracks: readonly DeclaredTrack[]): string | undefined {
  const isTooLong = tracks.some(
    ({ kind, mediaSeconds }) => kind !== 'other' && mediaSeconds > MAX_MEDIA_SECONDS,
  )
  return isTooLong ? TOO_LONG : undefined
}

/** Copied packets are no larger than the source, and a container adds its tables to each chunk. */
const TABLES_BYTES = 64 * 1024 ** 2
const CHUNK_TABLES_BYTES = 64 * 1024

/**
 * Whether all the chunks of a copy are larger than their source accounts for: tables may name the same bytes again and
 * again, so that a small file is copied endlessly.
 */
export function isUnexplained(copied: {
  readonly bytes: number
  readonly chunks: number
  readonly sourceBytes: number
}): boolean {
  return copied.bytes > 2 * copied.sourceBytes + TABLES_BYTES + copied.chunks * CHUNK_TABLES_BYTES
}

/** Accepted by name; the content decides later. */
const EXTENSIONS = `
  mp4 m4v mov qt 3gp 3g2 mkv webm avi ts m2ts mts flv mpg mpeg wmv asf mxf ogv
  mp3 m4a m4b aac wav ogg oga opus flac mka wma aif aiff caf
`

export const MEDIA_FILES: readonly string[] = [`**/*.{${EXTENSIONS.trim().split(/\s+/).join(',')}}`]
