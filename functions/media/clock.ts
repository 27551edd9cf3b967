/** The clock of a file, for FFmpeg that reads only some of its streams. Pure. @module */
import type { MediaInfo } from './media-info.ts'

/** The picture or sound that begins first, which is when the file begins. */
export function firstStream({ video, audio }: MediaInfo): number | undefined {
  const all = [...video, ...audio]
  const known = all.filter(({ startSeconds }) => startSeconds !== undefined)
  const [first] = known.toSorted((a, b) => (a.startSeconds ?? 0) - (b.startSeconds ?? 0))
  return (first ?? all[0])?.index
}

/**
 * An output that goes nowhere, of a stream that is not used otherwise: of transport streams and some others FFmpeg takes the first
 * time of the streams it uses for the beginning of the file.
 */
export function clockWords(stream: number): readonly string[] {
  return ['-map', `0:${stream}`, '-c', 'copy', '-f', 'null', '-']
}
