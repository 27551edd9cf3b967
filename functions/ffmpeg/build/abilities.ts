/** The features functions need from a build of FFmpeg, and the consequence of each that is missing. Pure. @module */
import { FORMATS } from '../allowed.ts'

/** Lists that FFmpeg prints of itself, by its own option. */
export const LISTINGS = ['encoders', 'decoders', 'demuxers', 'muxers', 'protocols'] as const
export type Listing = (typeof LISTINGS)[number]
/** Its help on the segment muxer, and on all its own options. */
export const HELP = ['muxer=segment', 'long'] as const
export type Help = (typeof HELP)[number]

export interface BuildTexts {
  readonly listings: Readonly<Record<Listing, string>>
  readonly help: Readonly<Record<Help, string>>
}

export interface Lack {
  readonly names: readonly string[]
  /** As the end of a sentence: `mode exact fails`. */
  readonly consequence: string
  /** Nothing can be cut at all. */
  readonly isFatal: boolean
}

interface Need {
  readonly listing: Listing
  readonly names: readonly string[]
  readonly consequence: string
  readonly isFatal?: boolean
}

const NEEDS: readonly Need[] = [
  { listing: 'protocols', names: ['file', 'pipe'], consequence: 'nothing can be cut', isFatal: true },
  { listing: 'protocols', names: ['http', 'tcp'], consequence: 'sources over 64 MiB cannot be read' },
  { listing: 'muxers', names: ['segment'], consequence: 'nothing can be cut', isFatal: true },
  {
    listing: 'muxers',
    names: ['mp4', 'mov', 'ipod', 'matroska', 'webm', 'mp3', 'ogg', 'wav'],
    consequence: 'files whose chunks need these containers are refused',
  },
  { listing: 'demuxers', names: FORMATS, consequence: 'files of these formats are refused' },
  {
    listing: 'decoders',
    names: [
      'h264',
      'hevc',
      'vp8',
      'vp9',
      'mpeg4',
      'mpeg2video',
      'aac',
      'mp3',
      'opus',
      'vorbis',
      'flac',
      'ac3',
    ],
    consequence: 'what is made with these codecs is badly described, and mode exact fails for it',
  },
  { listing: 'encoders', names: ['libx264', 'aac'], consequence: 'mode exact fails' },
]

const SEGMENT_OPTIONS = [
  'segment_time',
  'segment_time_delta',
  'segment_format',
  'segment_format_options',
  'segment_list',
  'segment_list_type',
  'reset_timestamps',
]
const OWN_OPTIONS = ['xerror', 'progress', 'max_muxing_queue_size']

/** Features that a build lacks. */
export function lacksOf({ listings, help }: BuildTexts): readonly Lack[] {
  const lists = NEEDS.map(({ listing, names, consequence, isFatal = false }) => {
    const known = namesIn(listings[listing])
    return { names: names.filter((name) => !known.has(name)), consequence, isFatal }
  })
  const options = (text: string, names: readonly string[]): Lack => ({
    names: names
      .filter((name) => !new RegExp(`^\\s*-${name}[\\s[]`, 'm').test(text))
      .map((name) => `-${name}`),
    consequence: 'nothing can be cut',
    isFatal: true,
  })
  return [...lists, options(help['muxer=segment'], SEGMENT_OPTIONS), options(help.long, OWN_OPTIONS)].filter(
    ({ names }) => names.length > 0,
  )
}

/**
 * The names in a list.
 *
 * **Shape**: ` V....D h264                 H.264 / AVC`, ` D  mov,mp4,m4a,3gp,3g2,mj2 QuickTime / MOV`, and of protocols `  file`.
 */
function namesIn(text: string): ReadonlySet<string> {
  const names = text
    .split('\n')
    .map((line) => /^\s*(?:[A-Z.]{1,6}\s+)?([a-z0-9_,]+)(?:\s|$)/.exec(line)?.[1] ?? '')
  return new Set(names.flatMap((name) => name.split(',')))
}
