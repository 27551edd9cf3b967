/** Keeps a sound where it is on the time line of its file. Pure. @module */
import type { MediaInfo, MediaStream } from '../media/media-info.ts'

/** A smaller wait is not heard. */
const LATE_SECONDS = 0.001

/**
 * An output that goes nowhere, of the stream that begins first. Of transport streams and some others FFmpeg takes the first
 * time of the streams it uses for the beginning of the file: a sound that begins 3 s after the picture would lose that wait.
 */
export function timelineWords(media: MediaInfo, used: MediaStream): readonly string[] {
  const { startSeconds = 0 } = media
  if ((used.startSeconds ?? startSeconds) - startSeconds < LATE_SECONDS) return []
  const others = [...media.video, ...media.audio].filter(({ startSeconds: at }) => at !== undefined)
  const [first] = others.toSorted((a, b) => (a.startSeconds ?? 0) - (b.startSeconds ?? 0))
  if (!first || first.index === used.index) return []
  return ['-map', `0:${first.index}`, '-c', 'copy', '-f', 'null', '-']
}
