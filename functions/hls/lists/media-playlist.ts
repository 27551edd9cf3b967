/** Playlists of one track: its segments, and its key pictures. Pure. @module */
import type { KeyPicture } from '../cut/segmenter.ts'

export interface ListedSegment {
  /** Relative to the playlist. */
  readonly name: string
  readonly seconds: number
  readonly keyPictures: readonly KeyPicture[]
}

/** Of a presentation that is complete, in CMAF (RFC 8216). */
const HEAD = ['#EXTM3U', '#EXT-X-VERSION:7']
/** Of transport streams, which players of 2011 know. */
const TRANSPORT_HEAD = ['#EXTM3U', '#EXT-X-VERSION:3']
const VOD = ['#EXT-X-MEDIA-SEQUENCE:0', '#EXT-X-PLAYLIST-TYPE:VOD']
const MAP = '#EXT-X-MAP:URI="init.mp4"'
const END = '#EXT-X-ENDLIST'

/** @param targetSeconds - one for all tracks of a presentation (RFC 8216, 6.2.4) */
export function mediaPlaylist(
  segments: readonly ListedSegment[],
  {
    targetSeconds,
    isIndependent,
    isTransport = false,
  }: {
    readonly targetSeconds: number
    readonly isIndependent: boolean
    readonly isTransport?: boolean | undefined
  },
): string {
  return text([
    ...(isTransport ? TRANSPORT_HEAD : HEAD),
    `#EXT-X-TARGETDURATION:${targetSeconds}`,
    ...VOD,
    ...(isIndependent ? ['#EXT-X-INDEPENDENT-SEGMENTS'] : []),
    ...(isTransport ? [] : [MAP]),
    ...segments.flatMap(({ name, seconds }) => [`#EXTINF:${seconds.toFixed(6)},`, name]),
    END,
  ])
}

/** For a quick look while seeking: the first picture of each fragment, as a range of its segment. */
export function iframePlaylist(segments: readonly ListedSegment[]): string {
  const keys = segments.flatMap(({ name, keyPictures }) => keyPictures.map((key) => ({ ...key, name })))
  const targetSeconds = keys.reduce((longest, { seconds }) => Math.max(longest, Math.round(seconds)), 1)
  return text([
    ...HEAD,
    `#EXT-X-TARGETDURATION:${targetSeconds}`,
    ...VOD,
    '#EXT-X-I-FRAMES-ONLY',
    MAP,
    ...keys.flatMap(({ name, seconds, bytes, offset }) => [
      `#EXTINF:${seconds.toFixed(6)},`,
      `#EXT-X-BYTERANGE:${bytes}@${offset}`,
      name,
    ]),
    END,
  ])
}

/** Cues need no segments: one file of the whole length. Its target is its own (RFC 8216bis allows it for subtitles). */
export function subtitlePlaylist(name: string, lengthSeconds: number): string {
  return text([
    ...HEAD,
    `#EXT-X-TARGETDURATION:${Math.max(1, Math.ceil(lengthSeconds))}`,
    ...VOD,
    `#EXTINF:${lengthSeconds.toFixed(6)},`,
    name,
    END,
  ])
}

function text(lines: readonly string[]): string {
  return `${lines.join('\n')}\n`
}
