/** The encoding of a sound track in mode `exact`. Pure. @module */
import type { AudioStream } from './media-info.ts'

export interface Sound {
  readonly channels: number
  /** Bits per second. */
  readonly bitRate: number
}

/** Of all of them. */
export const ENCODED_SAMPLE_RATE = 48_000

const STEREO: Sound = { channels: 2, bitRate: 128_000 }
/** The one layout of more than two channels that all players of AAC know. */
const SURROUND: Sound = { channels: 6, bitRate: 384_000 }

export function encodedSound({ channels = 2, channelLayout = '' }: AudioStream): Sound {
  return channels === SURROUND.channels && /^5\.1\b/.test(channelLayout) ? SURROUND : STEREO
}
