/** The pictures and sounds that a browser plays from one MP4, and the facts that must be true of the file that was made. Pure. @module */
import type { DeclaredTrack } from './bytes/mp4-source.ts'
import { declaredEndSeconds } from './declared-length.ts'
import { endToleranceSeconds } from './ends.ts'
import type { AudioStream, MediaInfo, MediaStream, VideoStream } from './media-info.ts'

export interface WebPicture {
  readonly stream: VideoStream
  /** As shown. */
  readonly width: number
  readonly height: number
  readonly isInterlaced: boolean
}

const PIXELS = ['yuv420p', 'yuvj420p']

/** Why the picture cannot be copied, as parts of a sentence; none when every browser plays the copy. */
export function objectionsOf(
  { stream, width, height, isInterlaced }: WebPicture,
  { maxHeight, hiddenBefore }: { readonly maxHeight: number; readonly hiddenBefore: number },
): readonly string[] {
  const { codec, pixelFormat, isHdr, rotation } = stream
  return [
    ...(codec === 'h264' ? [] : [`its codec is ${codec}, which not every browser plays`]),
    ...(codec === 'h264' && pixelFormat !== undefined && !PIXELS.includes(pixelFormat)
      ? [`its pixels are ${pixelFormat}, and browsers play yuv420p`]
      : []),
    ...(isHdr ? ['it is HDR'] : []),
    ...(isInterlaced ? ['it is interlaced'] : []),
    ...(rotation === 0 ? [] : [`it is turned by ${rotation} degrees, which some players ignore`]),
    ...(hiddenBefore > 0 ? ['its first pictures are hidden by an edit list'] : []),
    ...(Math.min(width, height) > maxHeight ? [`it is larger than maxHeight=${maxHeight}`] : []),
  ]
}

/** The one that its file calls the default one, or the first. */
export function mainSound({ audio }: MediaInfo): AudioStream | undefined {
  const readable = audio.filter(({ codec, isAccepted = true }) => isAccepted && codec !== 'unknown')
  return readable.find(({ isDefault }) => isDefault) ?? readable[0]
}

/** AAC as every player takes it. */
export const PLAIN_AAC = ['LC', 'HE-AAC', 'HE-AACv2']

export function webSound(
  { index, codec, profile = 'LC', channels = 2 }: AudioStream,
  bitsPerSecond: number,
): { readonly isCopied: boolean; readonly words: readonly string[] } {
  const isCopied = codec === 'aac' && PLAIN_AAC.includes(profile) && channels <= 6
  const how = isCopied
    ? '-c:a copy -bsf:a aac_adtstoasc'
    : `-c:a aac -b:a ${bitsPerSecond} -ac ${Math.min(2, channels)} -ar 48000 -af aresample=async=1:first_pts=0`
  return { isCopied, words: ['-map', `0:${index}`, ...how.split(' ')] }
}

export interface WebFacts {
  readonly media: MediaInfo
  readonly video: VideoStream
  readonly sound: AudioStream | undefined
  /** Of the file that was made. */
  readonly tracks: readonly DeclaredTrack[]
  readonly isFaststart: boolean
  /** The picture was encoded, and its decoder had no complaint: its last one may be shown for long, and encoders lose for how long. */
  readonly isEndUnknown?: boolean
}

/** None for a file that browsers play. */
export function webFlaws({ sound, tracks, isFaststart }: WebFacts): readonly string[] {
  const of = (kind: 'video' | 'audio'): string[] => {
    const track = tracks.find((each) => each.kind === kind)
    return !track || track.packets === 0 ? [`it has no ${kind}`] : []
  }
  return [
    ...(isFaststart ? [] : ['its tables are at its end']),
    ...of('video'),
    ...(sound ? of('audio') : []),
  ]
}

/** Of tracks that end earlier than their source declares; none for a file that is whole. */
export function tornEnds({ media, video, sound, tracks, isEndUnknown }: WebFacts): readonly string[] {
  const of = (kind: 'video' | 'audio', source: MediaStream): string[] => {
    const track = tracks.find((each) => each.kind === kind)
    const declared = declaredEndSeconds(media, source)
    if (!track || track.packets < 1 || declared === undefined || (kind === 'video' && isEndUnknown)) return []
    const ends = (source.startSeconds ?? 0) - (media.startSeconds ?? 0) + track.mediaSeconds
    return declared - ends > endToleranceSeconds(declared)
      ? [
          `its ${kind} ends at ${ends.toFixed(3)} s, and the source declares ${declared.toFixed(3)} s: the source is truncated or damaged`,
        ]
      : []
  }
  return [...of('video', video), ...(sound ? of('audio', sound) : [])]
}
