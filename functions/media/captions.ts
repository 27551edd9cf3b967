/** Which subtitles of a file become WebVTT, and under which names. Pure. @module */
import { clockWords, firstStream } from './clock.ts'
import { TEXT_CODECS, type DroppedStream } from './container.ts'
import type { MediaInfo, MediaStream } from './media-info.ts'

export interface Caption {
  readonly stream: MediaStream
  /** `eng-0.vtt`: its language and its place among the subtitles of the file. */
  readonly name: string
}

export interface CaptionPlan {
  readonly kept: readonly Caption[]
  readonly dropped: readonly DroppedStream[]
  /** Why there is nothing to make, if there is not. */
  readonly refusal: string
  /** An output that goes nowhere, of the stream that begins first: cues count from the beginning of the film. */
  readonly clock: readonly string[]
}

/** Each is a pipe of the process. */
const MAX_CAPTIONS = 32

export function captionPlan(media: MediaInfo): CaptionPlan {
  const { subtitles } = media
  const names = subtitles.map((stream, place) => ({
    stream,
    name: `${stream.language?.toLowerCase() ?? 'und'}-${place}.vtt`,
  }))
  const isText = ({ stream }: Caption) => TEXT_CODECS.includes(stream.codec) && stream.isAccepted !== false
  const texts = names.filter(isText)
  const kept = texts.slice(0, MAX_CAPTIONS)
  const first = firstStream(media)
  return {
    kept,
    dropped: names
      .filter((caption) => !kept.includes(caption))
      .map(({ stream: { index, codec, language } }) => ({
        index,
        codec,
        ...(language !== undefined && { language }),
        why: TEXT_CODECS.includes(codec)
          ? `more than ${MAX_CAPTIONS} subtitles`
          : 'not text: its subtitles are pictures, or their decoder is not accepted here',
      })),
    refusal:
      subtitles.length === 0
        ? 'the file has no subtitles'
        : `the file has no subtitles of text: those it has are pictures (${[...new Set(subtitles.map(({ codec }) => codec))].join(', ')}), which would need to be read by a program for text recognition`,
    clock: first === undefined ? [] : clockWords(first),
  }
}

/** @param counts - cues of each that was kept */
export function captionWarnings(
  { kept, dropped }: CaptionPlan,
  counts: readonly number[],
): readonly string[] {
  return [
    ...dropped.map(({ index, codec, why }) => `subtitle ${index} (${codec}) was left out: ${why}`),
    ...kept.flatMap(({ name }, place) => (counts[place] === 0 ? [`${name} has no cues`] : [])),
  ]
}
