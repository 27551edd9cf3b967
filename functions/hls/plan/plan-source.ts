/** A source -> the plan of its presentation; its packets are read once where a copy depends on them. @module */
import { PermanentError } from '../../../runtime/index.ts'
import { mainPicture } from '../../media/container.ts'
import type { Inspection } from '../../media/inspect.ts'
import type { MediaInfo, VideoStream } from '../../media/media-info.ts'
import { stillsOf } from '../../media/picture-facts.ts'
import { cutsAmong } from '../cut/cuts.ts'
import { parseRenditions, type HlsOptions } from '../options.ts'
import { gopsOf, type Gops, type GopOptions } from './gops.ts'
import { dropAs, planPictures, planSounds, planSubtitles, type Plan } from './plan.ts'
import { objectionsTo, sourcePicture, type SourcePicture } from './source-picture.ts'

export interface PlannedSource {
  readonly plan: Plan
  /** Where segments begin on the keyframes of a picture that is copied. */
  readonly cutsSeconds?: readonly number[]
  /** Of the picture that is copied. */
  readonly gops?: Gops
}

/** @throws {PermanentError} when there is nothing to play, or not as the options want it */
export async function planSource(
  inspection: Inspection,
  options: HlsOptions,
  reading: Omit<GopOptions, 'inspection' | 'stream'>,
): Promise<PlannedSource> {
  const { media } = inspection
  const { video, dropped } = mainFilm(inspection)
  const picture = video && sourcePicture(video, inspection)
  if (video && !picture) throw new PermanentError('the size of the picture is unknown')
  const gops =
    picture && mayBeCopied(picture, options)
      ? await gopsOf({ ...reading, inspection, stream: picture.stream.index })
      : undefined
  const pictures = picture ? planPictures(picture, gops, options) : { pictures: [], warnings: [] }
  const sounds = planSounds(media, options)
  const subtitles = planSubtitles(media, { ...options, hasPicture: picture !== undefined })
  if (pictures.pictures.length === 0 && sounds.sounds.length === 0)
    throw new PermanentError(
      stillsOf(inspection.document, media.video).length > 0
        ? 'the file is a picture and no film, so there is nothing to play: the function "poster" makes a picture of it (make=poster)'
        : 'the file has neither a film nor a sound that could be played',
    )
  const isCopied = pictures.pictures.some(({ how }) => how === 'copy')
  const dropping = [...dropped, ...sounds.dropped, ...subtitles.dropped]
  return {
    plan: {
      picture,
      ...pictures,
      ...sounds,
      ...subtitles,
      dropped: dropping.sort((a, b) => a.index - b.index),
      warnings: [...pictures.warnings, ...sounds.warnings],
      isTransport: options.segments === 'ts',
    },
    ...(isCopied && gops && { gops, cutsSeconds: cutsAmong(gops.keyframesSeconds, { ...options, ...gops }) }),
  }
}

/** The largest one that is a film. */
function mainFilm({ media, document }: Inspection) {
  const stills = stillsOf(document, media.video)
  const isReadable = ({ codec, isAccepted = true }: VideoStream) => isAccepted && codec !== 'unknown'
  const largest = mainPicture(media, stills)
  const video = largest && !stills.includes(largest.index) ? largest : undefined
  const why = (stream: VideoStream) => {
    if (stills.includes(stream.index)) return 'a single picture, not a film'
    return isReadable(stream)
      ? 'another picture track; only the largest one is played'
      : 'its codec is not accepted here'
  }
  return { video, dropped: [...others(media.video, video, why), ...rest(media)] }
}

function others(
  videos: readonly VideoStream[],
  kept: VideoStream | undefined,
  why: (stream: VideoStream) => string,
) {
  return videos.filter((stream) => stream !== kept).map((stream) => dropAs(why(stream), stream))
}

function rest({ covers, data }: MediaInfo) {
  return [
    ...covers.map((stream) => dropAs('a cover picture, not a video', stream)),
    ...data.map((stream) => dropAs('neither picture nor sound', stream)),
  ]
}

/** Before its packets are known. */
function mayBeCopied(picture: SourcePicture, options: HlsOptions): boolean {
  const { mode, maxHeight } = options
  if (mode === 'encode') return false
  if (mode === 'copy') return true
  const short = Math.min(picture.width, picture.height)
  const renditions = parseRenditions(options.renditions)
  const isWanted = Array.isArray(renditions) ? renditions.includes(short) : short <= maxHeight
  return isWanted && objectionsTo(picture, undefined, options).length === 0
}
