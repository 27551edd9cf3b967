/** ffprobe's description of a file, in our terms. Unknown values stay absent: never 0, NaN or "N/A". Pure. @module */
import { z } from 'zod'
import { isAcceptedCodec } from '../ffmpeg/allowed.ts'
import { ESTIMATED } from '../ffmpeg/words/diagnosis.ts'

/**
 * **Shape**: `{"streams":[{"index":0,"codec_type":"video","codec_name":"h264","width":320,"avg_frame_rate":"30/1",
 * "duration":"7.800000","disposition":{"attached_pic":0},"side_data_list":[{"rotation":-90}],"tags":{"language":"und"}}],
 * "chapters":[],"format":{"format_name":"mov,mp4,…","duration":"7.800000"}}`
 */
const number = z.unknown().optional().transform(toNumber)
const text = z.string().optional().catch(undefined)
const tags = z.record(z.string(), z.unknown()).optional().catch(undefined)

const streamSchema = z.looseObject({
  index: z.number(),
  codec_type: text,
  codec_name: text,
  profile: z
    .union([z.string(), z.number()])
    .optional()
    .transform((value) => value?.toString()),
  width: number,
  height: number,
  pix_fmt: text,
  avg_frame_rate: text,
  r_frame_rate: text,
  color_transfer: text,
  sample_rate: number,
  channels: number,
  channel_layout: text,
  start_time: number,
  duration: number,
  duration_ts: number,
  bit_rate: number,
  disposition: z.record(z.string(), z.unknown()).default({}),
  side_data_list: z.array(z.looseObject({ rotation: number })).default([]),
  tags,
})

export const ffprobeSchema = z.looseObject({
  streams: z.array(streamSchema).default([]),
  chapters: z.array(z.unknown()).default([]),
  format: z.looseObject({ format_name: z.string(), start_time: number, duration: number, bit_rate: number }),
})

export type FfprobeStream = z.output<typeof streamSchema>

/** Type aliases, not interfaces: so that they are JSON values. */
export type MediaStream = {
  /** Its number in the file. */
  readonly index: number
  /** `unknown` when this FFmpeg has no name for it. */
  readonly codec: string
  readonly profile?: string
  readonly language?: string
  readonly isDefault: boolean
  /** Its decoder is not one that may read strange files: it was not opened, and the stream goes into no chunk. */
  readonly isAccepted?: boolean
  readonly startSeconds?: number
  readonly durationSeconds?: number
  readonly bitRate?: number
}
export type VideoStream = MediaStream & {
  readonly width?: number
  readonly height?: number
  /** Degrees clockwise by which a player turns the picture: 0, 90, 180 or 270. */
  readonly rotation: number
  readonly framesPerSecond?: number
  readonly pixelFormat?: string
  readonly isHdr: boolean
}
export type AudioStream = MediaStream & {
  readonly sampleRate?: number
  readonly channels?: number
  readonly channelLayout?: string
}
export type MediaInfo = {
  /** FFmpeg's names of the container, such as `mov,mp4,m4a,3gp,3g2,mj2`. */
  readonly format: string
  readonly startSeconds?: number
  readonly durationSeconds?: number
  /** The duration is a guess from the bit rate, or from the times at both ends: nothing in the file declares it. */
  readonly isDurationEstimated: boolean
  readonly bitRate?: number
  readonly video: readonly VideoStream[]
  readonly audio: readonly AudioStream[]
  readonly subtitles: readonly MediaStream[]
  /** Pictures that belong to the sound, not video. */
  readonly covers: readonly MediaStream[]
  /** Timecodes, GPS tracks, attachments and streams that FFmpeg has no name for. */
  readonly data: readonly MediaStream[]
  readonly chapters: number
}

/** Containers that declare no length: ffprobe takes the difference of the first and the last time in the file. */
const UNDECLARED = ['mpegts', 'mpeg']

/**
 * @param warnings - ffprobe's standard error
 * @param hasForeign - ffprobe did not open all of its decoders
 */
export function toMediaInfo(
  document: z.output<typeof ffprobeSchema>,
  warnings: readonly string[],
  hasForeign = false,
): MediaInfo {
  const { format, streams } = document
  const toStream = (stream: FfprobeStream) => streamOf(stream, hasForeign)
  const toVideo = (stream: FfprobeStream) => ({ ...videoOf(stream), ...toStream(stream) })
  const toAudio = (stream: FfprobeStream) => ({ ...audioOf(stream), ...toStream(stream) })
  const isGuess = warnings.some((line) => ESTIMATED.test(line))
  const isCover = (stream: FfprobeStream) => toNumber(stream.disposition['attached_pic']) === 1
  const of = (type: string) => streams.filter((stream) => stream.codec_type === type)
  const isKnown = (stream: FfprobeStream) => ['video', 'audio', 'subtitle'].includes(stream.codec_type ?? '')
  return {
    format: format.format_name,
    isDurationEstimated: isGuess || UNDECLARED.includes(format.format_name),
    video: of('video')
      .filter((stream) => !isCover(stream))
      .map(toVideo),
    audio: of('audio').map(toAudio),
    subtitles: of('subtitle').map(toStream),
    covers: of('video').filter(isCover).map(toStream),
    data: streams.filter((stream) => !isKnown(stream)).map(toStream),
    chapters: document.chapters.length,
    ...present({
      startSeconds: format.start_time,
      durationSeconds: known(positive(format.duration), streams),
      bitRate: positive(format.bit_rate),
    }),
  }
}

function streamOf(stream: FfprobeStream, hasForeign: boolean): MediaStream {
  const language = stream.tags?.['language']
  return {
    index: stream.index,
    codec: stream.codec_name ?? 'unknown',
    isDefault: toNumber(stream.disposition['default']) === 1,
    ...(hasForeign && !isAcceptedCodec(stream.codec_name) && { isAccepted: false }),
    ...present({
      profile: stream.profile,
      // It was written by the maker of the file: only something that looks like a language code is passed on.
      language: typeof language === 'string' && /^[a-zA-Z-]{2,16}$/.test(language) ? language : undefined,
      startSeconds: stream.start_time,
      durationSeconds: isUnknown(stream)
        ? undefined
        : positive(stream.duration ?? taggedSeconds(stream.tags)),
      bitRate: positive(stream.bit_rate),
    }),
  }
}

function videoOf(stream: FfprobeStream): Omit<VideoStream, keyof MediaStream> {
  // ffprobe counts counter-clockwise and from -180 to 180.
  const turned = stream.side_data_list.find(({ rotation }) => rotation !== undefined)?.rotation ?? 0
  return {
    rotation: rightAngle(-turned),
    isHdr: ['smpte2084', 'arib-std-b67'].includes(stream.color_transfer ?? ''),
    ...present({
      width: positive(stream.width),
      height: positive(stream.height),
      framesPerSecond: frameRate(stream.avg_frame_rate) ?? frameRate(stream.r_frame_rate),
      pixelFormat: stream.pix_fmt,
    }),
  }
}

/** As in FFmpeg: an angle that is off by a degree or more is not a quarter turn, and a matrix may hold no rotation at all. */
function rightAngle(degrees: number): number {
  const right = Math.round(degrees / 90) * 90
  return Math.abs(degrees) <= 360 && Math.abs(degrees - right) < 1 ? ((right % 360) + 360) % 360 : 0
}

function audioOf(stream: FfprobeStream): Omit<AudioStream, keyof MediaStream> {
  return {
    ...present({
      sampleRate: positive(stream.sample_rate),
      channels: positive(stream.channels),
      channelLayout: stream.channel_layout,
    }),
  }
}

/** `30000/1001` -> 29.97…; a rate over 480 is a clock's tick, not a rate of pictures. */
function frameRate(text: string | undefined): number | undefined {
  const [frames, seconds] = (text ?? '').split('/').map(Number)
  const rate = positive((frames ?? 0) / (seconds ?? 0))
  return rate !== undefined && rate <= 480 ? rate : undefined
}

/** A length of all ones means unknown in MP4: 39 hours by a clock of 30,000 a second. */
const ALL_ONES: readonly number[] = [2 ** 31 - 1, 2 ** 32 - 1, 2 ** 63, 2 ** 64]
/** Ticks of the clocks that the header of a whole MP4 has, beside those of its streams. */
const USUAL_CLOCKS = [600, 1_000, 10_000, 90_000, 1_000_000]

function isUnknown({ duration_ts = 0 }: FfprobeStream): boolean {
  return ALL_ONES.includes(duration_ts)
}

/** Of the whole file: the length of one stream, or the header's own length of all ones. */
function known(seconds: number | undefined, streams: readonly FfprobeStream[]): number | undefined {
  if (seconds === undefined) return undefined
  const isOfStream = streams.some(
    (stream) => isUnknown(stream) && Math.abs((stream.duration ?? 0) - seconds) < 1,
  )
  const isOfHeader = USUAL_CLOCKS.some((clock) => Math.abs(seconds - (2 ** 32 - 1) / clock) < 1 / clock)
  return isOfStream || isOfHeader ? undefined : seconds
}

/** FFmpeg's own tag; mkvmerge appends the language, and its tag may be from an older file. */
function taggedSeconds(tags: Readonly<Record<string, unknown>> = {}): number | undefined {
  const [own, other] = ['DURATION', Object.keys(tags).find((name) => /^DURATION-\w+$/.test(name)) ?? '']
  return clockSeconds(tags[own]) ?? clockSeconds(tags[other])
}

/** `00:00:13.036000000`, as Matroska notes the length of a track. */
export function clockSeconds(clock: unknown): number | undefined {
  const match = typeof clock === 'string' ? /^(\d+):(\d\d):(\d\d(?:\.\d+)?)$/.exec(clock) : null
  return match ? Number(match[1]) * 3_600 + Number(match[2]) * 60 + Number(match[3]) : undefined
}

function toNumber(value: unknown): number | undefined {
  if (typeof value !== 'number' && (typeof value !== 'string' || value.trim() === '')) return undefined
  const result = Number(value)
  return Number.isFinite(result) ? result : undefined
}

function positive(value: number | undefined): number | undefined {
  return value !== undefined && Number.isFinite(value) && value > 0 ? value : undefined
}

type Present<T> = { [K in keyof T]?: Exclude<T[K], undefined> }

/** Without the properties that are undefined. */
function present<T extends Record<string, unknown>>(values: T): Present<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Present<T>
}
