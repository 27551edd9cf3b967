/** A source -> the tracks of its presentation, and how each is made. Pure. @module */
import { PermanentError } from '../../../runtime/index.ts'
import { TEXT_CODECS, type DroppedStream } from '../../media/container.ts'
import type { AudioStream, MediaInfo, MediaStream } from '../../media/media-info.ts'
import { PLAIN_AAC } from '../../media/web.ts'
import type { HlsOptions } from '../options.ts'
import { isOn } from '../../media/on-off.ts'
import { parseRenditions } from '../options.ts'
import type { Gops } from './gops.ts'
import { NEAR_SOURCE, planLadder, type Rung } from './ladder.ts'
import { objectionsTo, type Objection, type SourcePicture } from './source-picture.ts'

export interface PictureTrack {
  /** Its folder. */
  readonly name: string
  readonly how: 'copy' | 'encode'
  /** As shown. */
  readonly width: number
  readonly height: number
  /** The cap of an encoded one. */
  readonly bitsPerSecond: number
}

export interface SoundTrack {
  readonly name: string
  readonly how: 'copy' | 'encode'
  readonly stream: AudioStream
}

export interface SubtitleTrack {
  readonly name: string
  readonly stream: MediaStream
}

export interface Plan {
  readonly picture: SourcePicture | undefined
  /** The largest first. */
  readonly pictures: readonly PictureTrack[]
  readonly sounds: readonly SoundTrack[]
  readonly subtitles: readonly SubtitleTrack[]
  readonly dropped: readonly DroppedStream[]
  readonly warnings: readonly string[]
  /** Segments are transport streams: each picture has the one sound in it, and sound has a folder of its own only where it is alone. */
  readonly isTransport?: boolean
}

/** Sounds that have a folder of their own. */
export function ownSounds({ pictures, sounds, isTransport }: Tracks): readonly SoundTrack[] {
  return isTransport && pictures.length > 0 ? [] : sounds
}

/** The sound that each picture has in it. */
export function muxedSound({ pictures, sounds, isTransport }: Tracks): SoundTrack | undefined {
  return isTransport && pictures.length > 0 ? sounds[0] : undefined
}

type Tracks = Pick<Plan, 'pictures' | 'sounds' | 'isTransport'>

/** More boundaries than this do not fit into an argument of FFmpeg. */
export const MAX_CUTS = 9_000

/** @throws {PermanentError} when the picture cannot be made as the options want it */
export function planPictures(
  picture: SourcePicture,
  gops: Gops | undefined,
  options: Pick<HlsOptions, 'mode' | 'renditions' | 'maxHeight' | 'seconds' | 'segments'>,
): { readonly pictures: readonly PictureTrack[]; readonly warnings: readonly string[] } {
  const { mode, maxHeight, seconds, segments } = options
  const renditions = parseRenditions(options.renditions) ?? 'auto'
  const { width, height } = picture
  const short = Math.min(width, height)
  const objections = mode === 'encode' ? [] : objectionsTo(picture, gops, { seconds, segments })
  const source: PictureTrack = { name: 'source', how: 'copy', width, height, bitsPerSecond: 0 }
  if (mode === 'copy') {
    mustBeCopied(objections)
    return {
      pictures: [source],
      warnings: objections.map(({ reason }) => `the picture is copied: ${reason}`),
    }
  }
  const ladder = planLadder({ width, height }, { renditions, maxHeight })
  if (ladder.kind === 'too-large')
    throw new PermanentError(
      `renditions "${options.renditions}": the picture is ${width} x ${height}, and nothing is made larger than it is; the largest rendition possible is ${short}`,
    )
  const encoded = ladder.rungs.map(toTrack)
  const isSourceWanted = Array.isArray(renditions) ? renditions.includes(short) : short <= maxHeight
  if (mode === 'encode' || !isSourceWanted) return { pictures: encoded, warnings: [] }
  const cuts = (gops?.endSeconds ?? 0) / seconds
  const all = cuts > MAX_CUTS ? [...objections, TOO_MANY_CUTS] : objections
  if (all.length > 0) {
    const reasons = all.map(({ reason }) => reason).join('; ')
    return { pictures: encoded, warnings: [`the picture was re-encoded: ${reasons}`] }
  }
  const isLower = ({ width: wide, height: high }: Rung) =>
    Math.min(wide, high) < (Array.isArray(renditions) ? short : NEAR_SOURCE * short)
  return {
    pictures: [source, ...(renditions === 'source' ? [] : ladder.rungs.filter(isLower).map(toTrack))],
    warnings: [],
  }
}

const TOO_MANY_CUTS: Objection = {
  reason: `it would have more than ${MAX_CUTS} segments on its own keyframes`,
  isFatal: false,
}

function toTrack({ name, width, height, bitsPerSecond }: Rung): PictureTrack {
  return { name, how: 'encode', width, height, bitsPerSecond }
}

function mustBeCopied(objections: readonly Objection[]): void {
  const fatal = objections.filter(({ isFatal }) => isFatal).map(({ reason }) => reason)
  if (fatal.length > 0)
    throw new PermanentError(
      `the picture cannot be copied into HLS: ${fatal.join('; ')}; mode=auto or encode re-encodes it`,
    )
}

/** Codecs that have a place in CMAF. */
const COPIED_SOUND = ['aac', 'ac3', 'eac3', 'opus', 'flac', 'mp3']
/** Of these, those that have a place in transport streams. */
const TRANSPORTED_SOUND = ['aac', 'ac3', 'eac3', 'mp3']
const MAX_SOUNDS = 16

export function planSounds(
  media: MediaInfo,
  { audio, segments }: Pick<HlsOptions, 'audio' | 'segments'>,
): Pick<Plan, 'sounds' | 'dropped' | 'warnings'> {
  const readable = media.audio.filter(({ codec, isAccepted = true }) => isAccepted && codec !== 'unknown')
  const kept = audio === 'none' ? [] : readable.slice(0, segments === 'ts' ? 1 : MAX_SOUNDS)
  const why = audio === 'none' ? 'audio=none was asked for' : ONLY[segments]
  const dropped = media.audio
    .filter((stream) => !kept.includes(stream))
    .map((stream) => dropAs(readable.includes(stream) ? why : 'its codec is not accepted here', stream))
  const sounds = kept.map((stream, place): SoundTrack => ({
    name: `audio${place}`,
    stream,
    how: howOf(stream, audio, segments === 'ts' ? TRANSPORTED_SOUND : COPIED_SOUND),
  }))
  const left = readable.slice(kept.length)
  const rare = sounds.filter(({ how, stream }) => how === 'copy' && stream.codec !== 'aac')
  const lost = audio === 'copy' ? sounds.filter(({ how }) => how === 'encode') : []
  return {
    sounds,
    dropped,
    warnings: [
      ...(audio !== 'none' && left.length > 0
        ? [`${left.map(({ index }) => `sound ${index}`).join(', ')} left out: ${ONLY[segments]}`]
        : []),
      ...rare.map(
        ({ stream: { index, codec } }) =>
          `sound ${index} is copied as ${codec}, which not every player of HLS takes`,
      ),
      ...lost.map(
        ({ stream: { index, codec } }) =>
          `sound ${index} is ${codec}, which has no place in HLS: it was re-encoded as AAC`,
      ),
    ],
  }
}

const ONLY = {
  fmp4: `only ${MAX_SOUNDS} sounds are kept`,
  ts: 'segments=ts has room for one sound; segments=fmp4 keeps all',
}

function howOf(
  { codec, profile, channels }: AudioStream,
  audio: HlsOptions['audio'],
  copied: readonly string[],
): 'copy' | 'encode' {
  if (audio === 'encode' || channels === undefined) return 'encode'
  if (codec === 'aac') return profile === undefined || PLAIN_AAC.includes(profile) ? 'copy' : 'encode'
  return audio === 'copy' && copied.includes(codec) ? 'copy' : 'encode'
}

/** Subtitles that are text; pictures of text have no place in HLS. */
export function planSubtitles(
  media: MediaInfo,
  { subtitles, hasPicture }: { readonly subtitles: HlsOptions['subtitles']; readonly hasPicture: boolean },
): Pick<Plan, 'subtitles' | 'dropped'> {
  const whyNot = ({ codec, isAccepted = true }: MediaStream): string | undefined => {
    if (!isOn(subtitles)) return 'subtitles=off was asked for'
    if (!hasPicture) return 'a presentation of sound alone has no subtitles'
    if (!isAccepted) return 'its codec is not accepted here'
    return TEXT_CODECS.includes(codec) ? undefined : 'subtitles that are pictures do not fit into HLS'
  }
  const kept = media.subtitles.filter((stream) => whyNot(stream) === undefined)
  return {
    subtitles: kept.map((stream, place) => ({ name: `sub${place}`, stream })),
    dropped: media.subtitles.flatMap((stream) => {
      const why = whyNot(stream)
      return why === undefined ? [] : [dropAs(why, stream)]
    }),
  }
}

export function dropAs(why: string, { index, codec, language }: MediaStream): DroppedStream {
  return { index, codec, ...(language !== undefined && { language }), why }
}
