/** The pictures of a film, one of each part of it, on sheets or alone: one pass over the film. @module */
import { decodingWarning, isCutShort } from '../ffmpeg/words/diagnosis.ts'
import { decimal, inputArguments } from '../ffmpeg/arguments.ts'
import { mustHaveSucceeded } from '../ffmpeg/words/failure.ts'
import type { MediaInfo } from '../media/media-info.ts'
import { decode, type Film } from './decode.ts'
import { deinterlace, IMAGES, pictureFilters } from './filters.ts'
import type { Size } from './size.ts'
import { printedSeconds, PRINT_TIMES } from './times.ts'

export interface TilesOptions {
  readonly size: Size
  /** An expression of FFmpeg's filter `select`. */
  readonly select: string
  readonly isKeyframesOnly: boolean
  /** With one `%d`, in the scratch folder; the first is 1. */
  readonly pattern: string
  /** Filters behind the one that prints the times, such as `tile`. */
  readonly after?: readonly string[]
  /** More output options. */
  readonly words?: readonly string[]
  /** The pass ends when there are more. */
  readonly maxPictures: number
  /** Of JPEG, 2 (best) to 31. */
  readonly quality: number
  readonly madePixels: number
  readonly onPicture?: (seconds: number) => void
}

export interface Tiles {
  readonly timesSeconds: readonly number[]
  /** FFmpeg found the end of a torn file. */
  readonly isCutShort: boolean
  readonly warning?: string | undefined
}

/** Two are enough for a film while it plays; all cores are for encoders. */
const THREADS = 2
/** FFmpeg's name. Transport streams are left alone: their clock may jump, which FFmpeg corrects only without it. */
const MATROSKA = 'matroska,webm'

/** There are more pictures than planned: the film is longer than it declares. */
export class TooManyPictures extends Error {
  override readonly name = 'TooManyPictures'
}

/**
 * @throws {PermanentError} {@link ToolError} as `failureOf` says
 * @throws {TooManyPictures}
 */
export async function tilesOf(film: Film, options: TilesOptions): Promise<Tiles> {
  const { inspection, track, canToneMap, asManyPictures, onSign } = film
  const { size, select, isKeyframesOnly, pattern, after = [], words = [], maxPictures } = options
  const timesSeconds: number[] = []
  const clock = isKeyframesOnly ? ownClock(inspection.media) : { filters: [], words: [] }
  const filters = [
    ...clock.filters,
    ...(isKeyframesOnly ? [] : deinterlace(track, false)),
    `select=${select}`,
    ...(isKeyframesOnly ? deinterlace(track, true) : []),
    pictureFilters({ track, size, target: 'jpg', canToneMap }),
    PRINT_TIMES,
    ...after,
  ]
  const result = await decode(film, {
    inputs: inputArguments(inspection.input, { isKeyframesOnly, threads: isKeyframesOnly ? 1 : THREADS }),
    output: [
      '-map',
      `0:${track.index}`,
      '-vf',
      filters.join(','),
      ...asManyPictures,
      ...clock.words,
      ...words,
      ...IMAGES.jpg.words,
      '-q:v',
      String(options.quality),
      '-f',
      'image2',
      pattern,
    ],
    madePixels: options.madePixels,
    onLine(line) {
      const seconds = printedSeconds(line)
      if (seconds === undefined) return
      timesSeconds.push(seconds)
      if (timesSeconds.length > maxPictures) throw new TooManyPictures()
      options.onPicture?.(seconds)
      onSign()
    },
  })
  mustHaveSucceeded(result, 'decode')
  return { timesSeconds, isCutShort: isCutShort(result), warning: decodingWarning(result) }
}

/**
 * FFmpeg counts from the beginning of the file. Where it skips all but keyframes it does not find the beginning of H.264 without
 * B-frames in Matroska, and counts from that of another track: every time is too early, and it drops pictures before zero.
 */
function ownClock({ format, startSeconds = 0 }: MediaInfo): {
  readonly filters: readonly string[]
  readonly words: readonly string[]
} {
  if (format !== MATROSKA) return { filters: [], words: [] }
  return {
    filters: startSeconds === 0 ? [] : [`setpts=PTS-(${decimal(startSeconds)})/TB`],
    words: ['-copyts'],
  }
}

/** Times are sums of fractions: a picture at 1.2 s is in the part that begins there. */
const ROUNDING_SECONDS = 0.0005

/** The first picture of each part of so many seconds. */
export function oneOfEach(stepSeconds: number): string {
  return `isnan(prev_selected_t)+gt(${partOf('t', stepSeconds)}\\,${partOf('prev_selected_t', stepSeconds)})`
}

/** The first in the second half of each part. */
export function middleOfEach(stepSeconds: number): string {
  const half = stepSeconds / 2
  const of = (time: string) => partOf(`${time}-${half.toFixed(6)}`, stepSeconds)
  return `gte(t\\,${(half - ROUNDING_SECONDS).toFixed(6)})*(isnan(prev_selected_t)+gt(${of('t')}\\,${of('prev_selected_t')}))`
}

function partOf(time: string, stepSeconds: number): string {
  return `floor((max(${time}\\,0)+${ROUNDING_SECONDS})/${stepSeconds.toFixed(6)})`
}
