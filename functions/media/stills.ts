/** Picture tracks that are one picture, which no film is: such as a thumbnail that is larger than the film. Pure. @module */
import { clockSeconds, type MediaStream, type VideoStream } from './media-info.ts'

interface RawStream {
  readonly index?: number
  readonly nb_frames?: string
  readonly avg_frame_rate?: string
  readonly disposition?: Readonly<Record<string, unknown>>
  readonly tags?: Readonly<Record<string, unknown>>
}

/** The numbers of those streams in ffprobe's document. */
export function stillsOf(document: object, videos: readonly VideoStream[]): readonly MediaStream['index'][] {
  const { streams = [] } = document as { readonly streams?: readonly RawStream[] }
  return videos
    .filter((video) => isStill(streams.find(({ index }) => index === video.index) ?? {}, video))
    .map(({ index }) => index)
}

function isStill(
  { nb_frames: frames, avg_frame_rate: rate, disposition = {}, tags = {} }: RawStream,
  { durationSeconds, framesPerSecond }: VideoStream,
): boolean {
  const tagged = (name: RegExp) => Object.entries(tags).find(([tag]) => name.test(tag))?.[1]
  const counted = Number(frames ?? tagged(/^NUMBER_OF_FRAMES\b/i))
  if (counted > 0) return counted === 1
  if (disposition['still_image'] === 1 || disposition['timed_thumbnails'] === 1) return true
  // ffprobe gives a track of Matroska the length of the file, and what the track says of itself as a tag.
  const lastsSeconds = clockSeconds(tagged(/^DURATION\b/i)) ?? durationSeconds
  if (lastsSeconds !== undefined && framesPerSecond !== undefined) return lastsSeconds * framesPerSecond < 1.5
  // A rate takes two pictures.
  return rate === '0/0'
}
