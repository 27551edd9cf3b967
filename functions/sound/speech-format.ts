/** The form of pieces of speech. Pure. @module */
import { SAMPLE_BYTES, SAMPLE_RATE } from './samples.ts'
import { WAV_HEADER_BYTES } from './wav.ts'

export const SPEECH_FORMATS = ['wav', 'm4a', 'mp3'] as const
export type SpeechFormat = (typeof SPEECH_FORMATS)[number]

export const CONTENT_TYPES: Readonly<Record<SpeechFormat, string>> = {
  wav: 'audio/wav',
  m4a: 'audio/mp4',
  mp3: 'audio/mpeg',
}

const BITS_PER_SECOND = 64_000
/** Tables, and packets that are larger than their share. */
const FILL = 0.9

/** FFmpeg's name; `undefined` for WAV, which pieces are already. */
export function speechEncoder(format: SpeechFormat): string | undefined {
  return format === 'wav' ? undefined : format === 'm4a' ? 'aac' : 'libmp3lame'
}

/** Encoder and muxer of a piece; `undefined` for WAV. */
export function speechWords(format: SpeechFormat): readonly string[] | undefined {
  const encoder = speechEncoder(format)
  if (encoder === undefined) return undefined
  const muxer = format === 'm4a' ? '-f mp4 -movflags +faststart' : '-f mp3'
  return `-map 0:0 -map_metadata -1 -c:a ${encoder} -b:a ${BITS_PER_SECOND} ${muxer}`.split(' ')
}

/** How many samples a piece may have at most. */
export function maxSamplesOf(format: SpeechFormat, seconds: number, bytes: number): number {
  const fitting =
    format === 'wav'
      ? (bytes - WAV_HEADER_BYTES) / SAMPLE_BYTES
      : ((bytes * 8 * FILL) / BITS_PER_SECOND) * SAMPLE_RATE
  return Math.floor(Math.min(seconds * SAMPLE_RATE, fitting))
}
