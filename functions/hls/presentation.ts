/** Tracks that were made -> the playlists of a presentation, as texts with their names. Pure. @module */
import type { MediaFacts } from '../../runtime/index.ts'
import type { MediaStream } from '../media/media-info.ts'
import { cuesOf, webvtt } from '../media/webvtt.ts'
import { averageBitRate, peakBitRate, targetSecondsOf } from './lists/bandwidth.ts'
import { dashManifest, type DashTrack } from './lists/dash.ts'
import {
  languageTag,
  masterPlaylist,
  type Presentation,
  type Rates,
  type Sound,
  type Variant,
} from './lists/master-playlist.ts'
import { iframePlaylist, mediaPlaylist, subtitlePlaylist } from './lists/media-playlist.ts'
import type { Plan } from './plan/plan.ts'
import type { MadeTrack } from './track-files.ts'
import { START_TICKS } from './transport/segmenter.ts'

export interface TextFile {
  readonly name: string
  readonly role: 'playlist' | 'iframes' | 'subtitles' | 'dash' | 'master'
  readonly contentType: string
  readonly text: string
  readonly media?: MediaFacts
  readonly pointer?: string
}

const PLAYLIST = 'application/vnd.apple.mpegurl'

export interface PresentationParts {
  readonly plan: Plan
  readonly pictures: readonly MadeTrack[]
  readonly sounds: readonly MadeTrack[]
  /** FFmpeg's WebVTT. */
  readonly subtitles: readonly string[]
  readonly hasIframes: boolean
  readonly hasDash: boolean
  /** The attempt's folder as seen from the pointer: `~01H…/`. */
  readonly folder: string
}

/** `EXT-X-TARGETDURATION` of all playlists: one number (RFC 8216, 6.2.4). */
export function targetSecondsOfAll(tracks: readonly MadeTrack[]): number {
  return Math.max(...tracks.map(({ segments }) => targetSecondsOf(segments)))
}

/** In the order in which they are sent: the master last. */
export function presentationFiles(parts: PresentationParts): readonly TextFile[] {
  const { plan, pictures, sounds, hasIframes, folder } = parts
  const tracks = [...pictures, ...sounds]
  const targetSeconds = targetSecondsOfAll(tracks)
  const lengthSeconds = Math.max(...tracks.map(({ endSeconds }) => endSeconds))
  const list = (name: string, role: TextFile['role'], text: string): TextFile => ({
    name,
    role,
    contentType: PLAYLIST,
    text,
  })
  const master = masterOf(parts, targetSeconds)
  const dash = (name: string, from: string): TextFile => ({
    name,
    role: 'dash',
    contentType: 'application/dash+xml',
    text: dashManifest(dashTracks(parts, targetSeconds), { targetSeconds, folder: from }),
  })
  return [
    ...tracks.map(({ name, kind, segments }, place) => ({
      ...list(
        `${name}/index.m3u8`,
        'playlist',
        mediaPlaylist(segments, { targetSeconds, isIndependent: true, isTransport: plan.isTransport }),
      ),
      media: factsOf(kind, [...master.variants, ...master.sounds][place]),
    })),
    ...(hasIframes
      ? pictures.map(({ name, segments }) =>
          list(`${name}/iframes.m3u8`, 'iframes', iframePlaylist(segments)),
        )
      : []),
    ...plan.subtitles.flatMap(({ name }, place) => [
      {
        name: `${name}/all.vtt`,
        role: 'subtitles' as const,
        contentType: 'text/vtt',
        text: timed(webvtt(cuesOf(parts.subtitles[place] ?? '', { lengthSeconds })), plan),
      },
      list(`${name}/index.m3u8`, 'playlist', subtitlePlaylist('all.vtt', lengthSeconds)),
    ]),
    ...(parts.hasDash
      ? [dash('manifest.mpd', ''), { ...dash('pointer/manifest.mpd', folder), pointer: 'manifest.mpd' }]
      : []),
    list('master.m3u8', 'master', masterPlaylist(master, '')),
    // Seen from beside the manifest, where a copy of the other one would lead nowhere.
    {
      ...list('pointer/master.m3u8', 'master', masterPlaylist(master, folder)),
      pointer: 'master.m3u8',
    },
  ]
}

function masterOf(
  { plan, pictures, sounds, hasIframes }: PresentationParts,
  targetSeconds: number,
): Presentation {
  return {
    variants: pictures.map((track, place) => {
      const { name, codec, segments } = track
      const keys = segments
        .flatMap(({ keyPictures }) => keyPictures)
        .map(({ bytes, seconds }) => ({ sizeBytes: bytes, seconds }))
      const { width = 0, height = 0 } = plan.pictures[place] ?? {}
      return {
        uri: `${name}/index.m3u8`,
        codec,
        width,
        height,
        framesPerSecond: track.samples / (track.pictureSeconds ?? track.endSeconds - track.startSeconds),
        range: plan.pictures[place]?.how === 'copy' ? rangeOf(plan.picture) : undefined,
        ...ratesOf(segments, targetSeconds),
        ...(hasIframes && {
          keyPictures: { uri: `${name}/iframes.m3u8`, ...ratesOf(keys, targetSecondsOf(keys)) },
        }),
      }
    }),
    sounds: sounds.map(({ name, codec, segments, channels = 2 }, place) => ({
      uri: `${name}/index.m3u8`,
      codec,
      channels,
      ...ratesOf(segments, targetSeconds),
      language: plan.sounds[place]?.stream.language,
      isDefault: place === defaultOf(plan.sounds),
    })),
    subtitles: plan.subtitles.map(({ name, stream }) => ({
      uri: `${name}/index.m3u8`,
      language: stream.language,
    })),
    isIndependent: true,
    isTransport: plan.isTransport,
  }
}

/** A picture that is encoded is tone-mapped; one that is copied stays HDR. */
function rangeOf(picture: Plan['picture']): Variant['range'] {
  if (!picture?.stream.isHdr) return undefined
  return picture.transfer === 'arib-std-b67' ? 'HLG' : 'PQ'
}

/** RFC 8216, 3.5: cues beside transport streams say which tick is their 0. */
function timed(text: string, { isTransport = false }: Plan): string {
  return isTransport
    ? text.replace('WEBVTT\n', `WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:${START_TICKS},LOCAL:00:00:00.000\n`)
    : text
}

function dashTracks(
  { plan, pictures, sounds }: PresentationParts,
  targetSeconds: number,
): readonly DashTrack[] {
  const common = (track: MadeTrack) => ({
    ...track,
    bitsPerSecond: peakBitRate(track.segments, targetSeconds),
  })
  return [
    ...pictures.map((track, place) => ({
      ...common(track),
      width: plan.pictures[place]?.width,
      height: plan.pictures[place]?.height,
      framesPerSecond: track.samples / (track.endSeconds - track.startSeconds),
    })),
    ...sounds.map((track, place) => ({
      ...common(track),
      language: languageTag(plan.sounds[place]?.stream.language),
    })),
  ]
}

function factsOf(track: MadeTrack['kind'], listed: Variant | Sound | undefined): MediaFacts {
  if (!listed) return { track }
  const { codec, peakBitsPerSecond, averageBitsPerSecond } = listed
  const rates = { codecs: codec, bandwidth: peakBitsPerSecond, averageBandwidth: averageBitsPerSecond }
  if ('channels' in listed) {
    const language = languageTag(listed.language)
    return { track, ...rates, channels: listed.channels, ...(language !== undefined && { language }) }
  }
  const { width, height, framesPerSecond } = listed
  return { track, ...rates, width, height, framesPerSecond }
}

function ratesOf(segments: readonly { sizeBytes: number; seconds: number }[], targetSeconds: number): Rates {
  return {
    peakBitsPerSecond: peakBitRate(segments, targetSeconds),
    averageBitsPerSecond: averageBitRate(segments),
  }
}

/** One of a group may be the default: the source's, or its first. */
function defaultOf(sounds: readonly { readonly stream: MediaStream }[]): number {
  return Math.max(
    0,
    sounds.findIndex(({ stream }) => stream.isDefault),
  )
}
