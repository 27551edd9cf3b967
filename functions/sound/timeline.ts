/** Keeps a sound where it is on the time line of its file. Pure. @module */
import { clockWords, firstStream } from '../media/clock.ts'
import type { MediaInfo, MediaStream } from '../media/media-info.ts'

/** A smaller wait is not heard. */
const LATE_SECONDS = 0.001

/** Further words for FFmpeg: a sound that begins 3 s after the picture would lose that wait. */
export function timelineWords(media: MediaInfo, used: MediaStream): readonly string[] {
  const { startSeconds = 0 } = media
  if ((used.startSeconds ?? startSeconds) - startSeconds < LATE_SECONDS) return []
  const first = firstStream(media)
  return first === undefined || first === used.index ? [] : clockWords(first)
}
