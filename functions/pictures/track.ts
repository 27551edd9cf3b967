/** The picture that pictures are made of, as a player shows it: upright and with square pixels. Pure. @module */
import { mainPicture } from '../media/container.ts'
import { maySubtitlesOutlast } from '../media/declared-length.ts'
import type { Inspection } from '../media/inspect.ts'
import type { VideoStream } from '../media/media-info.ts'
import { pixelShapeOf } from '../media/pixel-shape.ts'
import { pictureFacts, stillsOf } from '../media/picture-facts.ts'

export interface PictureTrack {
  /** Its number in the file. */
  readonly index: number
  /** As it is shown. */
  readonly width: number
  readonly height: number
  /** Of one decoded picture. */
  readonly codedPixels: number
  readonly isInterlaced: boolean
  /** The number of its transfer function by ITU-T H.273, where it is HDR. */
  readonly hdrTransfer?: 16 | 18
  /** The matrix of its colours, by FFmpeg's name. */
  readonly matrix: string
  /** It belongs to the sound, and is a single picture at no time. */
  readonly isCover: boolean
  /** From the beginning of the file; absent when nothing declares it. */
  readonly endSeconds?: number
  /** It is that of the file, and a subtitle may last longer than the film (`real-end.ts`). */
  readonly isEndDoubtful?: boolean
  readonly framesPerSecond?: number
}

interface RawPicture {
  readonly index?: number
  readonly width?: number
  readonly height?: number
  readonly sample_aspect_ratio?: string
  readonly color_transfer?: string
  readonly color_space?: string
}

/** FFmpeg's names in its filter `scale`. */
const MATRICES = ['bt709', 'fcc', 'bt470bg', 'smpte170m', 'smpte240m', 'bt2020nc']
/** Where a file does not say it, players take the matrix of HD for pictures from this height on. */
const HD_HEIGHT = 720

/** The film, or a still where there is none; `undefined` for a file without either. */
export function filmOf({
  document,
  media,
}: Pick<Inspection, 'document' | 'media'>): PictureTrack | undefined {
  const video = mainPicture(media, stillsOf(document, media.video))
  if (!video) return undefined
  const length = video.durationSeconds
  const { durationSeconds, startSeconds = 0 } = media
  const ownEnd =
    length === undefined ? undefined : (video.startSeconds ?? startSeconds) - startSeconds + length
  const endSeconds = Math.min(ownEnd ?? Infinity, durationSeconds ?? Infinity)
  return trackOf(document, video, {
    isCover: false,
    ...(Number.isFinite(endSeconds) && endSeconds > 0 && { endSeconds }),
    ...(ownEnd === undefined && maySubtitlesOutlast(media) && { isEndDoubtful: true }),
    ...(video.framesPerSecond !== undefined && { framesPerSecond: video.framesPerSecond }),
  })
}

/** The cover of a sound file. */
export function coverOf({
  document,
  media,
}: Pick<Inspection, 'document' | 'media'>): PictureTrack | undefined {
  const [cover] = media.covers
  return cover && trackOf(document, { index: cover.index, rotation: 0, isHdr: false }, { isCover: true })
}

function trackOf(
  document: object,
  { index, rotation, isHdr }: Pick<VideoStream, 'index' | 'rotation' | 'isHdr'>,
  more: Pick<PictureTrack, 'isCover' | 'endSeconds' | 'isEndDoubtful' | 'framesPerSecond'>,
): PictureTrack | undefined {
  const { streams = [] } = document as { readonly streams?: readonly RawPicture[] }
  const raw = streams.find((stream) => stream.index === index)
  const [width = 0, height = 0] = [raw?.width, raw?.height]
  if (!raw || !(width > 0) || !(height > 0)) return undefined
  const shownWidth = Math.max(1, Math.round(width * pixelShapeOf(raw.sample_aspect_ratio)))
  const isUpright = rotation % 180 === 0
  const matrix = raw.color_space ?? ''
  return {
    index,
    width: isUpright ? shownWidth : height,
    height: isUpright ? height : shownWidth,
    codedPixels: width * height,
    isInterlaced: pictureFacts(document, index).isInterlaced,
    matrix: MATRICES.includes(matrix) ? matrix : height >= HD_HEIGHT ? 'bt709' : 'smpte170m',
    ...(isHdr && { hdrTransfer: raw.color_transfer === 'arib-std-b67' ? 18 : 16 }),
    ...more,
  }
}
