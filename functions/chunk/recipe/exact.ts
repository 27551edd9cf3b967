/** How FFmpeg re-encodes one source into chunks. Pure. @module */
import { PermanentError } from '../../../runtime/index.ts'
import { chunksArguments, type ChunksOptions, decimal } from '../../ffmpeg/arguments.ts'
import type { ChunkPlan } from '../../media/container.ts'
import { encodingLimits } from '../../ffmpeg/sandbox/ulimits.ts'
import { soundsOf, staysInterlaced } from '../plan/left-out.ts'
import type { MediaStream, VideoStream } from '../../media/media-info.ts'
import { pictureFacts } from '../../media/picture-facts.ts'
import type { Recipe, RecipeParts } from './recipe.ts'
import { ENCODED_SAMPLE_RATE, encodedSound, type Sound } from '../../media/sound.ts'
import { continuedClock } from '../../media/packets/joins.ts'

/** How long FFmpeg lets the packets of one stream wait for those of another. */
const INTERLEAVED_SECONDS = 10
const LONG_SECONDS = INTERLEAVED_SECONDS / 2
/** For pictures whose rate is unknown. */
const HIGHEST_RATE = 240

/**
 * @param copiedBytes - how large a file of packets of the source could be
 * @throws {PermanentError} when the picture cannot be re-encoded
 */
export function exactRecipe(
  parts: RecipeParts,
  options: ChunksOptions,
  copiedBytes: number,
  planWarnings: readonly string[],
): Pick<Recipe, 'arguments' | 'limits' | 'warnings'> {
  const { plan, cutPlan, cores, binaries, inspection, survey } = parts
  const { seconds, pictureBitRate } = cutPlan
  const picture = plan.video && pictureOf(plan.video, parts)
  const outlastsSeconds = soundOutlasts(plan) ?? 0
  const offsets = survey?.joints?.offsetsSeconds
  const sounds = soundsOf(inspection.media, plan.kept).map((sound) => {
    const offsetsSeconds = offsets?.get(sound.index)
    return { ...encodedSound(sound), ...(offsetsSeconds && { offsetsSeconds }) }
  })
  const rate = plan.video?.framesPerSecond ?? HIGHEST_RATE
  return {
    arguments: exactChunksArguments({
      ...options,
      seconds,
      ...(pictureBitRate !== undefined && { pictureBitRate }),
      hasFpsMode: binaries.hasFpsMode,
      sounds,
      ...(picture && { picture, isSoundLonger: outlastsSeconds > LONG_SECONDS }),
    }),
    limits: {
      // Noise takes as much as it does uncompressed: 12 bits for each pixel.
      fileBytes: copiedBytes + (picture ? picture.width * picture.height * 1.5 * rate * seconds : 0),
      ...encodingLimits(cores),
    },
    warnings: [
      ...planWarnings,
      ...(plan.video?.isHdr ? [HDR_WARNING] : []),
      ...(outlastsSeconds < -INTERLEAVED_SECONDS ? [SHORT_SOUND_WARNING] : []),
    ],
  }
}

const HDR_WARNING =
  'the picture is HDR and its chunks have 8 bits per colour: they keep its tags and may show banding'

/** The encoder gives its last two frames when the whole file is read; nothing in FFmpeg signals the end of the sound to it. */
const SHORT_SOUND_WARNING =
  'the sound ends long before the picture: its last 0.05 s may be in a later chunk than they belong to'

/** As it is shown: FFmpeg rotates the picture before it is scaled. */
function pictureOf(video: VideoStream, { inspection, survey, binaries }: RecipeParts): ExactPicture {
  const { width, height, rotation, startSeconds = 0, framesPerSecond } = video
  if (width === undefined || height === undefined) {
    throw new PermanentError('the size of the picture is unknown, so it cannot be re-encoded')
  }
  const isUpright = rotation % 180 === 0
  const lateSeconds = Math.max(0, startSeconds - (inspection.media.startSeconds ?? 0))
  const facts = pictureFacts(inspection.document, video.index)
  const { colours, evenRate, isInterlaced } = facts
  // FFmpeg before 5 gives the last picture of a chunk one tick of the clock: on its own one that is a whole frame.
  const isOnOwnClock = !binaries.hasFpsMode && evenRate !== undefined && survey?.isEven === true
  const offsetsSeconds = survey?.joints?.offsetsSeconds?.get(video.index)
  // FFmpeg 7 forgets how long a picture lasts where its time is changed.
  const clock = binaries.hasFpsMode && !offsetsSeconds ? facts.clock : facts.coarseClock
  return {
    width: even(isUpright ? width : height),
    height: even(isUpright ? height : width),
    colours,
    isInterlaced: isInterlaced && staysInterlaced(video),
    ...(offsetsSeconds && { offsetsSeconds }),
    ...(clock !== undefined && !isOnOwnClock && { clock }),
    ...(framesPerSecond !== undefined && { framesPerSecond }),
    // As FFmpeg has it: on its own clock on the raster of whole frames.
    startSeconds:
      framesPerSecond === undefined || !isOnOwnClock
        ? lateSeconds
        : Math.round(lateSeconds * framesPerSecond) / framesPerSecond,
  }
}

/** By how much the sound outlasts the picture; undefined if the file does not tell, or has only one of them. */
function soundOutlasts({ video, kept }: ChunkPlan): number | undefined {
  const end = ({ startSeconds = 0, durationSeconds = NaN }: MediaStream) => startSeconds + durationSeconds
  const sounds = kept.filter((stream) => stream !== video).map(end)
  const seconds = video && sounds.length > 0 ? Math.max(...sounds) - end(video) : NaN
  return Number.isNaN(seconds) ? undefined : seconds
}

function even(pixels: number): number {
  return Math.max(2, pixels - (pixels % 2))
}

export interface ExactPicture {
  /** As it is shown, so after rotation; even numbers, which 4:2:0 needs. */
  readonly width: number
  readonly height: number
  /** How much later than the file its first picture comes. */
  readonly startSeconds: number
  /** The length of a tick, such as `1:90000`. @defaultValue FFmpeg's choice: one frame at the average rate */
  readonly clock?: string
  /** For the level of H.264. */
  readonly framesPerSecond?: number
  /** Arguments that name its colours. @defaultValue '' */
  readonly colours?: string
  /** It stays so. @defaultValue false */
  readonly isInterlaced?: boolean
  /** Where its clock goes back: what is added from there on. */
  readonly offsetsSeconds?: readonly number[]
}

export interface ExactSound extends Sound {
  readonly offsetsSeconds?: readonly number[]
}

export interface ExactChunksOptions extends ChunksOptions {
  /** Of the pieces; where cuts are given as times, of each but the last. */
  readonly seconds: number
  /** Bits per second that the picture may have; absent when its quality decides alone. */
  readonly pictureBitRate?: number
  /** Of the picture track, which comes first in `streams`; absent when there is only sound. */
  readonly picture?: ExactPicture
  /** Of each sound track, in the order of `streams`. */
  readonly sounds: readonly ExactSound[]
  /** The sound continues for long after the picture has ended. */
  readonly isSoundLonger?: boolean
  /** This FFmpeg has `-fps_mode`, which took the place of `-vsync`. */
  readonly hasFpsMode: boolean
}

/** A longer chunk also has keyframes inside it, so seeking does not require decoding from its start. */
const MAX_KEYFRAME_SECONDS = 10
/** Times are sums of fractions: a picture that comes this much too early is in time. */
const TOLERANCE_SECONDS = 0.0005

/**
 * Pieces of `seconds`, re-encoded: H.264 with a keyframe at the first picture of each piece, and AAC.
 *
 * - No `-xerror`: a recording that begins in the middle of a picture would be refused as a whole.
 * - `scale` to fixed numbers: a picture that changes its size on the way is brought to the first one's; the encoder reads
 *   beyond the end of smaller ones.
 * - One frame out for each one in (`vfr`): otherwise these muxers make a constant rate of any source.
 * - `-enc_time_base`: on a clock of whole frames, pictures of an uneven clip that fall on the same frame are dropped, and others
 *   are moved. `fps`: the build of 2018 takes the clock for the rate, and names a level that few players have.
 * - `-color_…`: the build of 2018 forgets them; newer ones forget the matrix where they change the range.
 * - `-force_key_frames`: when the number of the piece changes, not each n seconds: after a picture that is shown for long, there
 *   is one keyframe and no row of them. Its `t` counts from the first picture, the cuts count from the beginning of the file.
 * - `-bf 0`: B-frames make the decoding time of a keyframe earlier than its picture; the sound between the two would go to
 *   the next piece and not be heard there, 80 ms at each cut. That costs some 10 % of size.
 * - `aresample`: holes in the sound become silence, including the one before it begins, so that sound and picture stay together.
 * - `-max_interleave_delta 0`: the encoder holds back its last pictures until the whole file is read, and packets wait for
 *   each other only for ten seconds; so sound that lasts longer would be put before them, into the wrong piece.
 */
export function exactChunksArguments(options: ExactChunksOptions): readonly string[] {
  const { picture, seconds, hasFpsMode } = options
  const keyframeSeconds = seconds / Math.ceil(seconds / MAX_KEYFRAME_SECONDS)
  const piece = (time: string) =>
    `floor((${time}+${decimal((picture?.startSeconds ?? 0) + TOLERANCE_SECONDS)})/${decimal(keyframeSeconds)})`
  const pictures = picture
    ? `-c:v libx264 -preset veryfast -crf 23 ${bounded(options.pictureBitRate)}
      -pix_fmt yuv420p -bf 0 -g 1000000 -sc_threshold 0 ${clocked(picture)} ${picture.colours ?? ''}
      ${picture.isInterlaced ? '-flags:v +ilme+ildct' : ''}
      -vf ${pictureFilter(picture)} ${hasFpsMode ? '-fps_mode' : '-vsync'} vfr
      -force_key_frames expr:if(isnan(prev_forced_t),1,gt(${piece('t')},${piece('prev_forced_t')}))`
    : ''
  const sound = `-c:a aac -ar ${ENCODED_SAMPLE_RATE} ${options.sounds.map(soundArguments).join(' ')}
    ${options.isSoundLonger ? '-max_interleave_delta 0' : ''}`
  return chunksArguments(options, {
    // A filter that is created again when the size changes would forget how often the clock went back.
    input: picture?.offsetsSeconds ? '-reinit_filter:v 0' : '',
    flags: '+genpts',
    output: `${pictures} ${sound} -segment_format_options movflags=+faststart`,
    // To the nearest: keyframe, or packet of 1024 samples.
    earlySeconds: picture ? keyframeSeconds / 2 : 512 / ENCODED_SAMPLE_RATE,
  })
}

function pictureFilter({ width, height, isInterlaced, offsetsSeconds = [] }: ExactPicture): string {
  const clock = offsetsSeconds.length === 0 ? '' : `setpts=${continuedClock(offsetsSeconds)},`
  // The lines of each field are scaled separately.
  return `${clock}scale=${width}:${height}${isInterlaced ? ':interl=-1' : ''}`
}

function soundArguments({ channels, bitRate, offsetsSeconds = [] }: ExactSound, place: number): string {
  const clock = offsetsSeconds.length === 0 ? '' : `asetpts=${continuedClock(offsetsSeconds)},`
  return `-b:a:${place} ${bitRate} -ac:a:${place} ${channels}
    -filter:a:${place} ${clock}aresample=async=1:first_pts=0`
}

function bounded(bitRate: number | undefined): string {
  return bitRate === undefined ? '' : `-maxrate ${Math.floor(bitRate)} -bufsize ${Math.floor(bitRate)}`
}

function clocked({ clock, framesPerSecond }: ExactPicture): string {
  if (clock === undefined) return ''
  const rate =
    framesPerSecond === undefined ? '' : `-x264-params fps=${Math.round(framesPerSecond * 1_000)}/1000`
  return `-enc_time_base ${clock} ${rate}`
}
