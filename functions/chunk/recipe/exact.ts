/** How FFmpeg re-encodes one source into chunks. Pure. @module */
import { PermanentError } from '../../../runtime/index.ts'
import type { ChunksOptions } from '../../ffmpeg/arguments.ts'
import type { ChunkPlan } from '../../media/container.ts'
import { exactChunksArguments, type ExactPicture } from './exact-arguments.ts'
import { DEFAULT_LIMITS } from '../../ffmpeg/sandbox/ulimits.ts'
import { soundsOf, staysInterlaced } from '../plan/left-out.ts'
import type { MediaStream, VideoStream } from '../../media/media-info.ts'
import { pictureFacts } from '../../media/picture-facts.ts'
import type { Recipe, RecipeParts } from './recipe.ts'
import { encodedSound } from '../../media/sound.ts'

/** Of the address space: a thread of decoder and one of encoder with a picture of 8192 x 4608 each, and their stacks and heaps. */
const MEMORY_PER_CORE_BYTES = 1024 ** 3
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
      memoryBytes: DEFAULT_LIMITS.memoryBytes + cores * MEMORY_PER_CORE_BYTES,
      cpuSeconds: DEFAULT_LIMITS.cpuSeconds * cores,
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
