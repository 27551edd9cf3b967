/** Facts about picture tracks in ffprobe's document beyond size and rate: colours, clocks, fields, and whether it is a still. Pure. @module */
import { clockSeconds, type MediaStream, type VideoStream } from './media-info.ts'
import type { FfmpegBinaries } from '../ffmpeg/build/binaries.ts'

export interface PictureFacts {
  /** FFmpeg's arguments for its colours, as numbers: builds differ in the names. */
  readonly colours: string
  /** A clock on which all times of the source are whole numbers, such as `1:92160`; absent when it is not known. */
  readonly clock?: string
  /** The same where it is coarse, and one of about a millisecond where it is not: `1:600`, `1:999`. */
  readonly coarseClock?: string
  /** Each picture is two fields, taken one after the other. */
  readonly isInterlaced: boolean
  /** Parts of it are transparent. */
  readonly hasAlpha: boolean
  /** Side data that players need: FFmpeg's names of it. */
  readonly sideData: readonly string[]
  /** All of its pictures would come at this rate, such as `30000/1001`, by the container and by its first pictures. */
  readonly evenRate?: string
}

interface RawStream {
  readonly index?: number
  readonly time_base?: string
  readonly avg_frame_rate?: string
  readonly r_frame_rate?: string
  readonly color_primaries?: string
  readonly color_transfer?: string
  readonly color_space?: string
  readonly field_order?: string
  readonly pix_fmt?: string
  readonly tags?: Readonly<Record<string, unknown>>
  readonly side_data_list?: readonly { readonly side_data_type?: string }[]
}

/** ITU-T H.273: name of FFmpeg, number. What means "unknown" is not here, and RGB is not: it becomes YUV. */
const PRIMARIES: Readonly<Record<string, number>> = {
  bt709: 1,
  bt470m: 4,
  bt470bg: 5,
  smpte170m: 6,
  smpte240m: 7,
  film: 8,
  bt2020: 9,
  smpte428: 10,
  smpte431: 11,
  smpte432: 12,
}
const TRANSFERS: Readonly<Record<string, number>> = {
  bt709: 1,
  gamma22: 4,
  bt470m: 4,
  gamma28: 5,
  bt470bg: 5,
  smpte170m: 6,
  smpte240m: 7,
  linear: 8,
  log100: 9,
  log316: 10,
  'iec61966-2-4': 11,
  bt1361e: 12,
  'iec61966-2-1': 13,
  'bt2020-10': 14,
  'bt2020-12': 15,
  smpte2084: 16,
  smpte428: 17,
  'arib-std-b67': 18,
}
const MATRICES: Readonly<Record<string, number>> = {
  bt709: 1,
  fcc: 4,
  bt470bg: 5,
  smpte170m: 6,
  smpte240m: 7,
  ycgco: 8,
  bt2020nc: 9,
  bt2020c: 10,
}

/** Finer than any two pictures of one clip are apart. */
const TICKS_PER_SECOND = 90_000
/** A clock of H.264 has 32 bits; finer ones are not a clock of pictures. */
const MAX_TICKS_PER_SECOND = 10_000_000

export function pictureFacts(document: object, index: number): PictureFacts {
  const { streams = [] } = document as { readonly streams?: readonly RawStream[] }
  const stream = streams.find((each) => each.index === index) ?? {}
  const clock = clockOf(stream.time_base)
  const evenRate = evenRateOf(stream)
  return {
    colours: [
      numbered('-color_primaries', PRIMARIES[stream.color_primaries ?? '']),
      numbered('-color_trc', TRANSFERS[stream.color_transfer ?? '']),
      numbered('-colorspace', MATRICES[stream.color_space ?? '']),
    ].join(' '),
    isInterlaced: ['tt', 'bb', 'tb', 'bt'].includes(stream.field_order ?? ''),
    hasAlpha: /^(yuva|ya\d|rgba|bgra|argb|abgr|gbrap)/.test(stream.pix_fmt ?? '') || isAlphaTagged(stream),
    sideData: (stream.side_data_list ?? []).flatMap(({ side_data_type: type }) => type ?? []),
    ...(clock !== undefined && { clock, coarseClock: coarseClockOf(stream.time_base) }),
    ...(evenRate !== undefined && { evenRate }),
  }
}

/** WebM has the transparency of VP8 and VP9 beside the pictures, which are yuv420p by themselves. */
function isAlphaTagged({ tags = {} }: RawStream): boolean {
  return Object.entries(tags).some(([name, value]) => /^alpha_mode$/i.test(name) && value === '1')
}

function numbered(option: string, value: number | undefined): string {
  return value === undefined ? '' : `${option} ${value}`
}

/** `1/600` -> `1:90000`, `1001/24000` -> `1:96000`: a multiple of the source's own clock. */
function clockOf(timeBase = ''): string | undefined {
  const [, ticks] = fraction(timeBase)
  if (!(ticks > 0)) return undefined
  const perSecond = ticks * Math.ceil(TICKS_PER_SECOND / ticks)
  return `1:${perSecond > MAX_TICKS_PER_SECOND ? TICKS_PER_SECOND : perSecond}`
}

/** FFmpeg before 5 gives the last picture of a chunk no time at all on a clock that is finer: players would not show it. */
const COARSE_TICKS_PER_SECOND = 999

function coarseClockOf(timeBase = ''): string {
  const [, ticks] = fraction(timeBase)
  const times = Math.floor(COARSE_TICKS_PER_SECOND / ticks)
  return `1:${times > 0 ? ticks * times : COARSE_TICKS_PER_SECOND}`
}

/** Rates that differ by less are rounding. */
const UNEVEN = 0.02

function evenRateOf({ avg_frame_rate: average = '', r_frame_rate: real = '' }: RawStream) {
  const [averageRate, realRate] = [rateOf(average), rateOf(real)]
  return Math.abs(averageRate - realRate) <= UNEVEN * realRate ? real : undefined
}

/** `30000/1001`; NaN when it is not a rate. */
export function rateOf(text: string): number {
  const [above, below] = fraction(text)
  return above / below
}

function fraction(text: string): readonly [number, number] {
  const [above = NaN, below = NaN] = /^\d+\/\d+$/.test(text) ? text.split('/').map(Number) : []
  return [above, below]
}

interface CountedStream {
  readonly index?: number
  readonly nb_frames?: string
  readonly avg_frame_rate?: string
  readonly disposition?: Readonly<Record<string, unknown>>
  readonly tags?: Readonly<Record<string, unknown>>
}

/** Picture tracks that are a single picture and no film, such as a thumbnail larger than the film: their numbers in ffprobe's document. */
export function stillsOf(document: object, videos: readonly VideoStream[]): readonly MediaStream['index'][] {
  const { streams = [] } = document as { readonly streams?: readonly CountedStream[] }
  return videos
    .filter((video) => isStill(streams.find(({ index }) => index === video.index) ?? {}, video))
    .map(({ index }) => index)
}

function isStill(
  { nb_frames: frames, avg_frame_rate: rate, disposition = {}, tags = {} }: CountedStream,
  { durationSeconds, framesPerSecond }: VideoStream,
): boolean {
  const tagged = (name: RegExp) => Object.entries(tags).find(([tag]) => name.test(tag))?.[1]
  const counted = Number(frames ?? tagged(/^NUMBER_OF_FRAMES\b/i))
  if (counted > 0) return counted === 1
  if (disposition['still_image'] === 1 || disposition['timed_thumbnails'] === 1) return true
  // ffprobe gives a track of Matroska the length of the file, and the track's own length as a tag.
  const lastsSeconds = clockSeconds(tagged(/^DURATION\b/i)) ?? durationSeconds
  if (lastsSeconds !== undefined && framesPerSecond !== undefined) return lastsSeconds * framesPerSecond < 1.5
  // A rate takes two pictures.
  return rate === '0/0'
}

interface RatedStream {
  readonly codec_type?: string
  readonly has_b_frames?: number
  readonly avg_frame_rate?: string
  readonly r_frame_rate?: string
}

/**
 * Whether MP4 written by FFmpeg before 5 cannot be trusted: it takes the last packet for the last picture, and with B-frames at
 * irregular times it writes an edit list that ends too early. The pictures after it are in the file, and no player shows them.
 *
 * @param inspection - with ffprobe's own document
 */
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
