/**
 * The argument list of the one FFmpeg that makes a presentation: each track is a fragmented MP4 on a pipe of its own,
 * or each rendition a transport stream. Pure. Run on
 * the builds of 2018, 5.1 and 7.0.2.
 *
 * - `-avoid_negative_ts disabled`: each output would shift by its own first time, and sound and picture would part.
 * - `frag_discont`: the decoding time in a fragment is the absolute one, so a track that begins late is late.
 * - `negative_cts_offsets`: no edit for B-frames, so renditions that look alike begin at the same tick.
 * - `-enc_time_base 1:90000`: times would be rounded to whole frames, and rungs would be up to a frame beside the source.
 * - `-pes_payload_size 0`: a packet of sound is one of the transport stream's, so that they can be counted.
 * - `-output_ts_offset`: in a transport stream no time may be before 0.
 * - `-level`, always: on that clock the build of 2018 takes 90,000 for the frame rate, and writes level 6.2.
 * - `-xerror` only where nothing is decoded: a decoder that complains at a bad packet would end the run.
 * @module
 */
import { inputArguments } from '../ffmpeg/arguments.ts'
import type { MediaInput } from '../ffmpeg/media-input.ts'
import { FIRST_OUTPUT } from '../ffmpeg/run/outputs.ts'
import { SOUND_FRAGMENT_SECONDS } from './cut/cuts.ts'
import { levelOf } from './plan/level.ts'
import { muxedSound, ownSounds, type PictureTrack, type Plan, type SoundTrack } from './plan/plan.ts'
import type { SourcePicture } from './plan/source-picture.ts'
import { START_TICKS, TICKS_PER_SECOND } from './transport/segmenter.ts'

export interface ArgumentOptions {
  readonly input: MediaInput
  readonly plan: Pick<Plan, 'picture' | 'pictures' | 'sounds' | 'subtitles' | 'isTransport'>
  readonly seconds: number
  /** Where the copied picture's segments begin: encoded ones get a keyframe at the same times. */
  readonly cutsSeconds?: readonly number[] | undefined
  /** Rate factor of x264. */
  readonly quality: number
  /** This FFmpeg has `-fps_mode`, which took the place of `-vsync`. */
  readonly hasFpsMode: boolean
  /** Of a truncated source, the intact part is kept. */
  readonly keepsGoodPart: boolean
}

/** Outputs are in the order of the plan: pictures, sounds, subtitles. */
export function presentationArguments(options: ArgumentOptions): readonly string[] {
  const { input, plan, keepsGoodPart } = options
  const { picture, pictures, sounds, subtitles, isTransport = false } = plan
  const [pictureMuxer, soundMuxer] = isTransport ? [TRANSPORT, TRANSPORT] : [PICTURE_MUXER, SOUND_MUXER]
  const muxed = muxedSound(plan)
  const inIt = muxed ? soundWords(muxed, isTransport) : []
  const encoded = pictures.filter(({ how }) => how === 'encode')
  const isDecoded = [...pictures, ...sounds].some(({ how }) => how === 'encode')
  const maxKeyframes = options.cutsSeconds ? forcedAt(options.cutsSeconds) : forcedEvery(options.seconds)
  const outputs = [
    ...pictures.map((track) =>
      track.how === 'copy'
        ? [
            '-map',
            `0:${picture?.stream.index}`,
            '-c:v',
            'copy',
            ...tagOf(picture),
            ...inIt,
            ...MUXER,
            ...pictureMuxer,
          ]
        : [
            '-map',
            `[v${encoded.indexOf(track)}]`,
            ...x264(track, options, picture?.stream.framesPerSecond),
            ...maxKeyframes,
            ...inIt,
            ...MUXER,
            ...pictureMuxer,
          ],
    ),
    ...ownSounds(plan).map((track) => [...soundWords(track, isTransport), ...MUXER, ...soundMuxer]),
    ...subtitles.map(({ stream }) => ['-map', `0:${stream.index}`, '-c:s', 'webvtt', '-f', 'webvtt']),
  ]
  return [
    ...'-hide_banner -nostdin -nostats -y -loglevel level+verbose -progress pipe:3'.split(' '),
    ...(isDecoded || keepsGoodPart || subtitles.length > 0 ? [] : ['-xerror']),
    ...inputArguments(input, { isDamagedFine: keepsGoodPart }),
    ...(picture && encoded.length > 0 ? ['-filter_complex', graphOf(picture, encoded)] : []),
    ...outputs.flatMap((words, place) => [...words, `pipe:${FIRST_OUTPUT + place}`]),
  ]
}

const MUXER =
  '-map_metadata -1 -map_chapters -1 -max_muxing_queue_size 4096 -avoid_negative_ts disabled'.split(' ')
const FLAGS = '+delay_moov+default_base_moof+negative_cts_offsets+frag_discont'
const PICTURE_MUXER = ['-f', 'mp4', '-video_track_timescale', '90000', '-movflags', `${FLAGS}+frag_keyframe`]
const SOUND_MUXER = ['-f', 'mp4', '-movflags', FLAGS, '-frag_duration', String(SOUND_FRAGMENT_SECONDS * 1e6)]

/** How far FFmpeg's clock is ahead of the pictures, so that a decoder's buffer has room: it adds twice as much to each time. */
const AHEAD_SECONDS = 0.7
const TRANSPORT = [
  ...`-f mpegts -muxdelay ${AHEAD_SECONDS}`.split(' '),
  '-output_ts_offset',
  String(START_TICKS / TICKS_PER_SECOND - 2 * AHEAD_SECONDS),
  ...'-pes_payload_size 0'.split(' '),
]

/** Players know HEVC by this name only. */
function tagOf(picture: SourcePicture | undefined): readonly string[] {
  return picture?.stream.codec === 'hevc' ? ['-tag:v', 'hvc1'] : []
}

/** For pictures whose rate is unknown: one of the usual levels comes out. */
const USUAL_RATE = 60
/** A keyframe comes at least this often, so that a quick look has something to show. */
const KEYFRAME_SECONDS = 2

export function x264(
  { width, height, bitsPerSecond }: PictureTrack,
  { quality, hasFpsMode }: Pick<ArgumentOptions, 'quality' | 'hasFpsMode'>,
  framesPerSecond = USUAL_RATE,
): readonly string[] {
  const level = levelOf({ width, height, framesPerSecond, bitsPerSecond })
  return [
    ...'-c:v libx264 -preset veryfast -profile:v high'.split(' '),
    '-level',
    level,
    '-crf',
    String(quality),
    '-maxrate',
    String(bitsPerSecond),
    '-bufsize',
    String(2 * bitsPerSecond),
    ...'-g 100000 -sc_threshold 0 -enc_time_base 1:90000'.split(' '),
    hasFpsMode ? '-fps_mode' : '-vsync',
    'vfr',
  ]
}

/** So that a segment of `seconds` is a whole number of groups. */
export function forcedEvery(seconds: number): readonly string[] {
  const every = seconds / Math.ceil(seconds / KEYFRAME_SECONDS)
  return ['-force_key_frames', `expr:gte(t,n_forced*${every.toFixed(6)})`]
}

/** Times are sums of fractions: a picture that comes this much too early is in time. */
const TOLERANCE_SECONDS = 0.0005

function forcedAt(cutsSeconds: readonly number[]): readonly string[] {
  const times = [0, ...cutsSeconds].map((at) => Math.max(0, at - TOLERANCE_SECONDS).toFixed(6))
  return ['-force_key_frames', times.join(',')]
}

function soundWords({ stream, how }: SoundTrack, isTransport: boolean): readonly string[] {
  const map = ['-map', `0:${stream.index}`]
  if (how === 'copy')
    return [
      ...map,
      '-c:a',
      'copy',
      ...(stream.codec === 'aac' && !isTransport ? ['-bsf:a', 'aac_adtstoasc'] : []),
    ]
  return [...map, ...'-c:a aac -b:a 128k -ac 2 -ar 48000 -af aresample=async=1:first_pts=0'.split(' ')]
}

/** One decoding for all rungs. */
export function graphOf(picture: SourcePicture, rungs: readonly PictureTrack[]): string {
  const { stream, isInterlaced } = picture
  const before = [
    ...(isInterlaced ? ['yadif=0:-1:1'] : []),
    ...(stream.isHdr ? [toneMapping(picture)] : []),
    `split=${rungs.length}${rungs.map((_, place) => `[s${place}]`).join('')}`,
  ]
  const each = rungs.map(
    ({ width, height }, place) =>
      `[s${place}]scale=${width}:${height}:flags=bicubic,setsar=1,format=yuv420p[v${place}]`,
  )
  return [`[0:${stream.index}]${before.join(',')}`, ...each].join(';')
}

/** From HDR to the colours of BT.709; what the file does not say of its own is taken as BT.2020's. */
function toneMapping({ transfer }: SourcePicture): string {
  return `zscale=tin=${transfer}:pin=bt2020:min=bt2020nc:t=linear:npl=100,format=gbrpf32le,zscale=p=bt709,tonemap=hable:desat=0,zscale=t=bt709:m=bt709:r=tv`
}
