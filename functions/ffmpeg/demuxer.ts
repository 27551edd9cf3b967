/**
 * Which demuxer reads a file: passed to FFmpeg, so that nothing inside the file can make it choose another one. The first
 * bytes say so where they are a format's own mark; where they are not (MPEG audio, tags in front), ffprobe chooses among the
 * allowed ones, and its choice is passed to later calls. Pure.
 * @module
 */
import { FORMATS } from './allowed.ts'

/** Boxes that an MP4 or QuickTime file may begin with. */
const FIRST_BOXES = ['ftyp', 'moov', 'mdat', 'free', 'skip', 'wide', 'pnot']

/** Demuxer, the place of its mark, and the mark in hexadecimal digits. */
const MARKS: readonly (readonly [demuxer: string, at: number, mark: string])[] = [
  ...FIRST_BOXES.map((box) => ['mov', 4, Buffer.from(box).toString('hex')] as const),
  ['matroska', 0, '1a45dfa3'],
  ['flv', 0, '464c5601'],
  ['asf', 0, '3026b2758e66cf11a6d900aa0062ce6c'],
  ['mpeg', 0, '000001ba'],
  ['ogg', 0, '4f676753'],
  ['flac', 0, '664c6143'],
  ['caf', 0, '63616666'],
  ['mxf', 0, '060e2b34020501010d0102'],
]

/** Containers of containers: `RIFF`, four bytes of length, and what it is. */
const ENVELOPES: Readonly<Record<string, string>> = {
  'RIFFAVI ': 'avi',
  RIFFWAVE: 'wav',
  RF64WAVE: 'wav',
  FORMAIFF: 'aiff',
  FORMAIFC: 'aiff',
}

/** By the first bytes; `undefined` where they are not the signature of a format. */
export function demuxerOf(head: Buffer): string | undefined {
  const text = head.toString('latin1', 0, 12)
  const envelope = ENVELOPES[text.slice(0, 4) + text.slice(8, 12)]
  if (envelope !== undefined) return envelope
  return MARKS.find(([, at, mark]) => head.toString('hex', at, at + mark.length / 2) === mark)?.[0]
}

/** By ffprobe's name of a format, such as `mov,mp4,m4a,3gp,3g2,mj2`; `undefined` when it is none of the allowed ones. */
export function demuxerNamed(format: string): string | undefined {
  return format.split(',').find((name) => FORMATS.includes(name))
}
