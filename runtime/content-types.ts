/**
 * The content type of a file by its extension: one table for functions, streams and playlists.
 *
 * Segments in `.m4s` are `video/mp4` (or `audio/mp4`) since content delivery networks know those types better than
 * `video/iso.segment`. @module
 */
import { extname } from 'node:path'

const CONTENT_TYPES = {
  m3u8: 'application/vnd.apple.mpegurl',
  mpd: 'application/dash+xml',
  m4s: 'video/mp4',
  mp4: 'video/mp4',
  m4v: 'video/mp4',
  ts: 'video/mp2t',
  mov: 'video/quicktime',
  mkv: 'video/x-matroska',
  webm: 'video/webm',
  m4a: 'audio/mp4',
  aac: 'audio/aac',
  mp3: 'audio/mpeg',
  ogg: 'audio/ogg',
  opus: 'audio/ogg',
  flac: 'audio/flac',
  wav: 'audio/wav',
  mka: 'audio/x-matroska',
  vtt: 'text/vtt',
  jpg: 'image/jpeg',
  png: 'image/png',
  webp: 'image/webp',
  gif: 'image/gif',
  json: 'application/json',
  txt: 'text/plain; charset=utf-8',
} as const

export type KnownExtension = keyof typeof CONTENT_TYPES
export type KnownContentType = (typeof CONTENT_TYPES)[KnownExtension]

/**
 * @param fileName - with one of the extensions of the table; only the last one counts
 * @param kind - `audio` for MP4 files and segments that have no picture
 * @throws {TypeError} for any other extension: a file that players cannot recognise must not be written
 */
export function contentTypeOf(fileName: string, kind: 'video' | 'audio' = 'video'): KnownContentType {
  const extension = extname(fileName).slice(1).toLowerCase()
  if (!isKnown(extension)) throw new TypeError(`no content type is known for ${JSON.stringify(fileName)}`)
  const type = CONTENT_TYPES[extension]
  return kind === 'audio' && type === 'video/mp4' ? 'audio/mp4' : type
}

function isKnown(extension: string): extension is KnownExtension {
  return Object.hasOwn(CONTENT_TYPES, extension)
}
