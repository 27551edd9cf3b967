/** Which streams of a file go into its chunks, into which container, and subtitles in which form. Pure. @module */
import type { AudioStream, MediaInfo, MediaStream, VideoStream } from './media-info.ts'

export interface Container {
  /** FFmpeg's name for `-segment_format`. */
  readonly muxer: string
  readonly extension: string
  readonly contentType: string
}

export interface ChunkPlan {
  readonly container: Container
  /** Picture and sound, in the order of the chunks; subtitles come after them. */
  readonly kept: readonly MediaStream[]
  readonly subtitles: readonly KeptSubtitle[]
  readonly dropped: readonly DroppedStream[]
  /** The kept picture track; absent when there is only sound. */
  readonly video?: VideoStream
}

export type DroppedStream = {
  readonly index: number
  readonly codec: string
  readonly language?: string
  readonly why: string
}

const CONTAINERS = {
  mp4: { muxer: 'mp4', extension: 'mp4', contentType: 'video/mp4' },
  mov: { muxer: 'mov', extension: 'mov', contentType: 'video/quicktime' },
  webm: { muxer: 'webm', extension: 'webm', contentType: 'video/webm' },
  matroska: { muxer: 'matroska', extension: 'mkv', contentType: 'video/x-matroska' },
  m4a: { muxer: 'mp4', extension: 'm4a', contentType: 'audio/mp4' },
  alac: { muxer: 'ipod', extension: 'm4a', contentType: 'audio/mp4' },
  mp3: { muxer: 'mp3', extension: 'mp3', contentType: 'audio/mpeg' },
  ogg: { muxer: 'ogg', extension: 'ogg', contentType: 'audio/ogg' },
  wav: { muxer: 'wav', extension: 'wav', contentType: 'audio/wav' },
  audioWebm: { muxer: 'webm', extension: 'webm', contentType: 'audio/webm' },
  audioMatroska: { muxer: 'matroska', extension: 'mka', contentType: 'audio/x-matroska' },
} as const satisfies Record<string, Container>

/** Codecs that the MP4 muxers of all builds take without `-strict`, and that players expect in it. */
const MP4_VIDEO = ['h264', 'hevc', 'av1', 'mpeg4']
const MP4_AUDIO = ['aac', 'mp3', 'ac3', 'eac3']
/** The `ipod` muxer is MP4 too; in 2018 it alone took ALAC. */
const IPOD_AUDIO = ['aac', 'ac3', 'alac']
const WEBM_VIDEO = ['vp8', 'vp9', 'av1']
const WEBM_AUDIO = ['opus', 'vorbis']
/** Little endian, as in WAV; the samples of AIFF and CAF go into Matroska. */
const WAV_AUDIO = /^pcm_(u8|[sf]\d+le|mulaw|alaw)$/
/** QuickTime's own, which no other container takes as it is. */
const MOV_ONLY = /^(prores|dnxhd|qtrle|png|dvvideo|h263|amr_nb|amr_wb|alac|pcm_\w+|adpcm_ima_qt|mjpeg)$/

/** How chunks are made: packets as they are, or re-encoded so that cuts are exactly where requested. */
export const MODES = ['copy', 'exact'] as const
export type Mode = (typeof MODES)[number]

/** Which streams are wanted: everything that fits, or only the sound. */
export const STREAMS = ['all', 'audio'] as const

export interface PlanOptions {
  readonly mode: Mode
  readonly streams?: (typeof STREAMS)[number]
  readonly isWebm: boolean
  /** This FFmpeg's MP4 would hide pictures of this file. @defaultValue false */
  readonly isMp4Unsafe?: boolean
  /** Tracks of a single picture: not a film if there is another track. @defaultValue none */
  readonly stills?: readonly MediaStream['index'][]
  /** Sounds that cannot be included, with the reason. @defaultValue none */
  readonly unreadable?: ReadonlyMap<MediaStream['index'], string>
}

/** `undefined` when there is neither picture nor sound that could be kept. */
export function planChunks(media: MediaInfo, options: PlanOptions): ChunkPlan | undefined {
  const { mode, isWebm, streams = 'all', isMp4Unsafe = false, stills = [], unreadable = new Map() } = options
  const isSoundOnly = streams === 'audio'
  const video = isSoundOnly ? undefined : mainPicture(media, stills)
  const audio = media.audio.filter((stream) => isKnown(stream) && !unreadable.has(stream.index))
  const kept: readonly MediaStream[] = video ? [video, ...audio] : audio
  if (kept.length === 0) return undefined
  const others = media.video.filter((stream) => stream !== video && isKnown(stream))
  const unknown = [...media.video, ...media.audio].filter((stream) => !isKnown(stream))
  const copied = () => (video ? ofVideo(media.format, isWebm, video, audio) : ofAudio(isWebm, audio))
  const encoded = video ? CONTAINERS.mp4 : CONTAINERS.m4a
  const isUnsafe = mode === 'copy' && video !== undefined && isMp4Unsafe
  const container = mode === 'exact' ? encoded : isUnsafe ? CONTAINERS.matroska : copied()
  const subtitles = media.subtitles.map((stream) => ({
    stream,
    plan: planSubtitle(stream, video && container.muxer),
  }))
  const otherwise = isSoundOnly
    ? 'only the sound was asked for'
    : 'another picture track; only the largest one is cut'
  const dropped = [
    ...others.map((stream) =>
      dropAs(!isSoundOnly && stills.includes(stream.index) ? 'a single picture, not a film' : otherwise)(
        stream,
      ),
    ),
    ...media.audio.flatMap((stream) => {
      const why = unreadable.get(stream.index)
      return why === undefined ? [] : [dropAs(why)(stream)]
    }),
    ...unknown.map((stream) => dropAs(whyNotKnown(stream))(stream)),
    ...subtitles.flatMap(({ stream, plan }) => (plan.isKept ? [] : [dropAs(plan.why)(stream)])),
    ...media.covers.map(dropAs('a cover picture, not a video')),
    ...media.data.map(dropAs('neither picture nor sound')),
  ]
  return {
    container,
    kept,
    subtitles: subtitles.flatMap(({ plan }) => (plan.isKept ? [plan.subtitle] : [])),
    dropped: dropped.sort((a, b) => a.index - b.index),
    ...(video && { video }),
  }
}

function ofVideo(
  format: string,
  isWebm: boolean,
  video: VideoStream,
  audio: readonly AudioStream[],
): Container {
  const fits = (videos: readonly string[], audios: readonly string[]) =>
    videos.includes(video.codec) && audio.every(({ codec }) => audios.includes(codec))
  if (isWebm && fits(WEBM_VIDEO, WEBM_AUDIO)) return CONTAINERS.webm
  const isMov = format.includes('mp4')
  if ((isMov || ['mpegts', 'flv'].includes(format)) && fits(MP4_VIDEO, MP4_AUDIO)) return CONTAINERS.mp4
  // MOV takes everything that MP4 takes and more, but nothing outside of these two lists.
  const fitsMov = [video, ...audio].every(
    ({ codec }) => MOV_ONLY.test(codec) || MP4_VIDEO.includes(codec) || MP4_AUDIO.includes(codec),
  )
  return isMov && fitsMov ? CONTAINERS.mov : CONTAINERS.matroska
}

function ofAudio(isWebm: boolean, audio: readonly AudioStream[]): Container {
  const all = (isFit: (codec: string) => boolean) => audio.every(({ codec }) => isFit(codec))
  const isAlone = audio.length === 1
  if (isWebm && all((codec) => WEBM_AUDIO.includes(codec))) return CONTAINERS.audioWebm
  if (isAlone && all((codec) => codec === 'mp3')) return CONTAINERS.mp3
  if (all((codec) => MP4_AUDIO.includes(codec))) return CONTAINERS.m4a
  if (all((codec) => IPOD_AUDIO.includes(codec))) return CONTAINERS.alac
  if (isAlone && all((codec) => codec === 'opus')) return CONTAINERS.ogg
  // No Ogg: FFmpeg of 2018 writes the first chunk's Vorbis header from freed memory, so it is sometimes garbage.
  if (isAlone && all((codec) => codec === 'vorbis')) return CONTAINERS.audioWebm
  if (isAlone && all((codec) => WAV_AUDIO.test(codec))) return CONTAINERS.wav
  // FLAC too: its own chunks would each claim the length of the whole.
  return CONTAINERS.audioMatroska
}

/** The track that people mean by the picture of a file: the largest film, or the largest still where there is no film. */
export function mainPicture(
  media: MediaInfo,
  stills: readonly MediaStream['index'][],
): VideoStream | undefined {
  const pictures = media.video.filter(isKnown)
  const films = pictures.filter(({ index }) => !stills.includes(index))
  return largest(films.length > 0 ? films : pictures)
}

function largest(videos: readonly VideoStream[]): VideoStream | undefined {
  const pixels = ({ width = 0, height = 0 }: VideoStream) => width * height
  return videos.reduce<VideoStream | undefined>(
    (best, video) => (best && pixels(best) >= pixels(video) ? best : video),
    undefined,
  )
}

function isKnown({ codec, isAccepted = true }: MediaStream): boolean {
  return isAccepted && codec !== 'unknown' && codec !== 'none'
}

function whyNotKnown({ isAccepted = true }: MediaStream): string {
  return isAccepted ? 'its codec is unknown to this FFmpeg' : NOT_ACCEPTED
}

function dropAs(why: string): (stream: MediaStream) => DroppedStream {
  return ({ index, codec, language }) => ({
    index,
    codec,
    ...(language !== undefined && { language }),
    why,
  })
}

/** Of a stream whose decoder is not on the list. */
const NOT_ACCEPTED = 'its codec is not accepted here, so it is not decoded'

export interface KeptSubtitle {
  readonly stream: MediaStream
  /** FFmpeg's name of an encoder, or `copy`. */
  readonly encoder: string
}

/** Subtitles that FFmpeg can convert into one another: they are lines with times. */
export const TEXT_CODECS = ['mov_text', 'subrip', 'srt', 'ass', 'ssa', 'webvtt']
/** Pictures with times, which only Matroska takes. */
const BITMAP = ['dvd_subtitle', 'hdmv_pgs_subtitle', 'dvb_subtitle']

interface Rule {
  readonly own: readonly string[]
  /** For text in another form. */
  readonly encoder: string
}

/** By FFmpeg's name of the muxer. */
const RULES: Readonly<Record<string, Rule>> = {
  mp4: { own: ['mov_text'], encoder: 'mov_text' },
  mov: { own: ['mov_text'], encoder: 'mov_text' },
  matroska: { own: ['subrip', 'srt', 'ass', 'ssa', 'webvtt', ...BITMAP], encoder: 'srt' },
  webm: { own: ['webvtt'], encoder: 'webvtt' },
}

export type SubtitlePlan =
  | { readonly isKept: true; readonly subtitle: KeptSubtitle }
  | { readonly isKept: false; readonly why: string }

/** @param muxer - of a container with a picture; subtitles go with pictures only */
function planSubtitle(stream: MediaStream, muxer: string | undefined): SubtitlePlan {
  const rule = muxer === undefined ? undefined : RULES[muxer]
  if (stream.isAccepted === false) return { isKept: false, why: NOT_ACCEPTED }
  if (!rule) return { isKept: false, why: 'chunks of sound only cannot hold subtitles' }
  if (rule.own.includes(stream.codec)) return { isKept: true, subtitle: { stream, encoder: 'copy' } }
  if (TEXT_CODECS.includes(stream.codec)) return { isKept: true, subtitle: { stream, encoder: rule.encoder } }
  const why = BITMAP.includes(stream.codec)
    ? `subtitles that are pictures do not fit into ${muxer}`
    : `subtitles of this kind do not fit into ${muxer}`
  return { isKept: false, why }
}
