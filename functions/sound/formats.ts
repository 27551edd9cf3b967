/** How a sound is written, by the format that was asked for. Pure. @module */
import type { AudioStream } from '../media/media-info.ts'
import { encodedSound } from '../media/sound.ts'

export const AUDIO_FORMATS = ['m4a', 'mp3', 'opus', 'flac', 'wav'] as const
/** The remedy where a build lacks an encoder, as the beginning of a clause. */
export const ANOTHER_FORMAT = 'ask for another format, such as m4a, or '
export type AudioFormat = (typeof AUDIO_FORMATS)[number]

export interface AudioPlan {
  readonly contentType: string
  /** FFmpeg's name, for what is said when a build has none. */
  readonly encoder: string
  /** Brings the samples into the form that is written, and is measured in. */
  readonly filter: string
  /** After all other filters, for the encoder. */
  readonly lastFilter: string
  /** Encoder and muxer. */
  readonly words: readonly string[]
  readonly warnings: readonly string[]
}

interface Format {
  readonly contentType: string
  readonly encoder: string
  /** Hertz; another rate becomes {@link USUAL_RATE}. */
  readonly rates: readonly number[]
  readonly maxChannels: number
  readonly hasBitRate: boolean
  readonly muxer: string
}

const USUAL_RATE = 48_000
const BROADCAST_RATES = [32_000, 44_100, 48_000]
const ALL_RATES = [
  8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 88_200, 96_000, 176_400, 192_000,
]

const FORMATS: Readonly<Record<AudioFormat, Format>> = {
  m4a: {
    contentType: 'audio/mp4',
    encoder: 'aac',
    rates: BROADCAST_RATES,
    // Of the layouts with more than two, every player of AAC knows 5.1 only (`encodedSound`).
    maxChannels: 6,
    hasBitRate: true,
    muxer: '-f mp4 -movflags +faststart',
  },
  mp3: {
    contentType: 'audio/mpeg',
    encoder: 'libmp3lame',
    rates: BROADCAST_RATES,
    maxChannels: 2,
    hasBitRate: true,
    muxer: '-f mp3',
  },
  opus: {
    contentType: 'audio/ogg',
    encoder: 'libopus',
    rates: [USUAL_RATE],
    maxChannels: 2,
    hasBitRate: true,
    muxer: '-f ogg',
  },
  flac: {
    contentType: 'audio/flac',
    encoder: 'flac',
    rates: ALL_RATES,
    maxChannels: 8,
    hasBitRate: false,
    muxer: '-f flac',
  },
  wav: {
    contentType: 'audio/wav',
    encoder: 'pcm_s16le',
    rates: ALL_RATES,
    maxChannels: 8,
    hasBitRate: false,
    muxer: '-f wav',
  },
}

/** @param bitsPerSecond - of mono and stereo; 5.1 gets three times as much, up to what one AAC may have */
export function planAudio(sound: AudioStream, format: AudioFormat, bitsPerSecond: number): AudioPlan {
  const { contentType, encoder, rates, maxChannels, hasBitRate, muxer } = FORMATS[format]
  const { channels = 2, sampleRate = USUAL_RATE } = sound
  const rate = rates.includes(sampleRate) ? sampleRate : USUAL_RATE
  const layout = layoutOf(sound, format, maxChannels)
  const form = [`sample_rates=${rate}`, ...(layout === undefined ? [] : [`channel_layouts=${layout}`])]
  const most = format === 'opus' && layout === 'mono' ? MAX_OPUS_MONO_BITS : Infinity
  const bits =
    layout === '5.1' ? Math.min(bitsPerSecond * 3, MAX_SURROUND_BITS) : Math.min(bitsPerSecond, most)
  return {
    contentType,
    encoder,
    lastFilter:
      format === 'mp3' ? LAME_FILTER : hasBitRate ? 'anull' : `aformat=sample_fmts=${depth(sound, format)}`,
    filter: `aresample=${rate}:async=1:first_pts=0,aformat=${form.join(':')}`,
    words: [
      ...`-map_metadata -1 -map_chapters -1 -c:a ${encoder}`.split(' '),
      ...(hasBitRate ? ['-b:a', String(bits)] : []),
      ...muxer.split(' '),
    ],
    warnings:
      layout === 'stereo' && channels > 2
        ? [
            `the sound has ${channels} channels and was mixed to stereo${channels <= 8 ? '; format=flac keeps them' : ''}`,
          ]
        : [],
  }
}

/** LAME multiplies all samples by 0.95, in case that its output clips. */
const LAME_FILTER = 'volume=0.4455dB'

/** FLAC takes 24 bits along where the source has them; what was decoded from a lossy codec gains nothing by it. */
function depth({ codec }: AudioStream, format: AudioFormat): string {
  return format === 'flac' && /^(flac|alac|pcm_[sf](24|32|64)(le|be))$/.test(codec) ? 's16|s32' : 's16'
}

const MAX_SURROUND_BITS = 448_000
/** libopus refuses to encode one channel with more. */
const MAX_OPUS_MONO_BITS = 256_000

/** `undefined`: as it comes. */
function layoutOf(sound: AudioStream, format: AudioFormat, maxChannels: number): string | undefined {
  const { channels = 2 } = sound
  if (channels === 1) return 'mono'
  if (format === 'm4a') return encodedSound(sound).channels === 6 ? '5.1' : 'stereo'
  return channels === 2 || channels > maxChannels ? 'stereo' : undefined
}
