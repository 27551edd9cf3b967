/** The picture of a source, as it is shown, and why players could not take it as it is. Pure. @module */
import type { Inspection } from '../../media/inspect.ts'
import type { VideoStream } from '../../media/media-info.ts'
import { pictureFacts } from '../../media/picture-facts.ts'
import { pixelShapeOf } from '../../media/pixel-shape.ts'
import type { HlsOptions } from '../options.ts'
import type { Gops } from './gops.ts'

export interface SourcePicture {
  readonly stream: VideoStream
  /** Turned, and with square pixels. */
  readonly width: number
  readonly height: number
  readonly isInterlaced: boolean
  /** Of HDR. */
  readonly transfer: 'smpte2084' | 'arib-std-b67'
}

interface ShapedStream {
  readonly index?: number
  readonly sample_aspect_ratio?: string
  readonly color_transfer?: string
}

/** `undefined` when its size is not known. */
export function sourcePicture(
  stream: VideoStream,
  { document }: Pick<Inspection, 'document'>,
): SourcePicture | undefined {
  const { width, height, rotation } = stream
  if (width === undefined || height === undefined) return undefined
  const { streams = [] } = document as { readonly streams?: readonly ShapedStream[] }
  const found = streams.find(({ index }) => index === stream.index)
  const shape = pixelShapeOf(found?.sample_aspect_ratio)
  const stretched = Math.max(1, Math.round(width * shape))
  const isUpright = rotation % 180 === 0
  return {
    stream,
    width: isUpright ? stretched : height,
    height: isUpright ? height : stretched,
    isInterlaced: pictureFacts(document, stream.index).isInterlaced,
    transfer: found?.color_transfer === 'arib-std-b67' ? 'arib-std-b67' : 'smpte2084',
  }
}

/** Why a copy of the picture is worse than a picture that is encoded. */
export interface Objection {
  /** A part of a sentence. */
  readonly reason: string
  /** No player could show such a copy well; otherwise some can. */
  readonly isFatal: boolean
}

const EIGHT_BITS = ['yuv420p', 'yuvj420p']
/** Codecs that have a place in CMAF. */
const COPIED = ['h264', 'hevc', 'av1', 'vp9']

/** None when every player can take the picture as it is. */
export function objectionsTo(
  { stream, isInterlaced }: SourcePicture,
  gops: Gops | undefined,
  { seconds, segments }: Pick<HlsOptions, 'seconds' | 'segments'>,
): readonly Objection[] {
  const { codec, rotation, isHdr, pixelFormat } = stream
  const some = (reason: string): Objection => ({ reason, isFatal: false })
  const no = (reason: string): Objection => ({ reason, isFatal: true })
  return [
    ...(!COPIED.includes(codec) ? [no(`its codec ${codec} has no place in HLS`)] : []),
    ...(segments === 'ts' && COPIED.includes(codec) && codec !== 'h264'
      ? [
          no(
            `its codec is ${codec}, and players take only H.264 in transport streams (segments=fmp4 can copy it)`,
          ),
        ]
      : []),
    ...(segments === 'fmp4' && COPIED.includes(codec) && codec !== 'h264'
      ? [some(`its codec is ${codec}, which not every player of HLS takes`)]
      : []),
    ...(codec === 'h264' && pixelFormat !== undefined && !EIGHT_BITS.includes(pixelFormat)
      ? [some(`its pixels are ${pixelFormat}, and players take yuv420p`)]
      : []),
    ...(isHdr ? [some('it is HDR')] : []),
    ...(isInterlaced ? [some('it is interlaced')] : []),
    ...(rotation !== 0 ? [some(`it is turned by ${rotation} degrees, which some players ignore`)] : []),
    ...(gops ? gopObjections(gops, seconds) : []),
  ]
}

function gopObjections(gops: Gops, seconds: number): readonly Objection[] {
  const { keyframesSeconds, openAtSeconds, longestSeconds, hiddenSeconds } = gops
  if (keyframesSeconds.length === 0) return [{ reason: 'it has no keyframe', isFatal: true }]
  return [
    ...(openAtSeconds === undefined
      ? []
      : [
          {
            reason: `its GOPs are open (a picture at ${openAtSeconds.toFixed(3)} s is shown before the keyframe that it follows)`,
            isFatal: true,
          },
        ]),
    ...(longestSeconds > 2 * seconds
      ? [
          {
            reason: `its keyframes are up to ${longestSeconds.toFixed(1)} s apart, so segments of ${seconds} s cannot be cut`,
            isFatal: true,
          },
        ]
      : []),
    ...(hiddenSeconds > HIDDEN_SECONDS
      ? [{ reason: `its first ${hiddenSeconds.toFixed(3)} s are hidden by an edit list`, isFatal: true }]
      : []),
  ]
}

/** Rounding. */
const HIDDEN_SECONDS = 0.002
