/** Whether FFmpeg is installed and supports everything that functions need: for `sluice doctor`. @module */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { ToolCheck } from '../../../runtime/index.ts'
import { buildTexts, namesIn, type BuildTexts, type Listing } from './abilities.ts'
import { ffmpegBinaries } from './binaries.ts'
import { fenceFor } from '../sandbox/sandbox.ts'
import { FORMATS } from '../allowed.ts'

const run = promisify(execFile)

const ANSWER_MS = 10_000
const REPAIR = ['sudo apt-get install ffmpeg']

export async function checkFfmpeg(): Promise<readonly ToolCheck[]> {
  const checks: ToolCheck[] = []
  try {
    const { ffmpegPath, ffprobePath, version, origin } = await ffmpegBinaries()
    checks.push({ check: 'FFmpeg', status: 'ok', found: `${version} (${origin}), ${ffmpegPath}` })
    // Static builds crash without GCONV_PATH.
    const settings = { timeout: ANSWER_MS, env: { GCONV_PATH: '/nonexistent' } }
    const probe = await run(ffprobePath, ['-version'], settings)
    const probeVersion = /version (\S+)/.exec(probe.stdout)?.[1] ?? 'of unknown version'
    checks.push({ check: 'ffprobe', status: 'ok', found: `${probeVersion}, ${ffprobePath}` })
    checks.push(...abilityChecks(lacksOf(await buildTexts(ffmpegPath))))
    const { title } = await fenceFor(ffmpegPath, { isOffline: true })
    checks.push({ check: 'FFmpeg runs', status: 'ok', found: title })
  } catch (error) {
    const found = error instanceof Error ? error.message : String(error)
    const setting = /^FF\w+_PATH(?=:)/.exec(found)?.[0]
    checks.push({ check: 'FFmpeg', status: 'fail', found, repair: setting ? [`unset ${setting}`] : REPAIR })
  }
  return checks
}

function abilityChecks(lacks: readonly Lack[]): readonly ToolCheck[] {
  if (lacks.length === 0)
    return [{ check: 'FFmpeg can', status: 'ok', found: 'all that functions ask of it' }]
  return lacks.map(({ names, consequence, isFatal }) => ({
    check: 'FFmpeg can',
    status: isFatal ? 'fail' : 'warn',
    found: `no ${names.join(', no ')}: ${consequence}`,
    repair: REPAIR,
  }))
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
  { listing: 'encoders', names: ['mjpeg'], consequence: 'poster, thumbnails, preview and frames fail' },
  { listing: 'encoders', names: ['libwebp'], consequence: 'no picture and no preview can be a WebP' },
  { listing: 'encoders', names: ['png'], consequence: 'no picture can be a PNG' },
  {
    listing: 'encoders',
    names: ['libmp3lame', 'libopus'],
    consequence: 'sound cannot be made in these formats; m4a, flac and wav can',
  },
  {
    listing: 'muxers',
    names: ['image2', 'rawvideo'],
    consequence: 'poster, thumbnails, preview and frames fail',
  },
  { listing: 'muxers', names: ['webp'], consequence: 'no preview can be a WebP' },
  { listing: 'muxers', names: ['null', 's16le'], consequence: 'audio and speech fail' },
  {
    listing: 'filters',
    names: ['scale', 'select', 'signalstats', 'metadata', 'tile', 'trim', 'concat'],
    consequence: 'poster, thumbnails, preview and frames fail',
  },
  {
    listing: 'filters',
    names: ['zscale', 'tonemap'],
    consequence: 'pictures made of HDR films look pale',
  },
  {
    listing: 'filters',
    names: ['ebur128', 'silencedetect', 'ametadata'],
    consequence: 'audio and speech fail',
  },
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
function lacksOf({ listings, help }: BuildTexts): readonly Lack[] {
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
