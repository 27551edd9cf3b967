/** Which subtitles a container of chunks takes, and as what. Pure. @module */
import type { MediaStream } from './media-info.ts'

/** Of a stream whose decoder is not on the list. */
export const NOT_ACCEPTED = 'its codec is not accepted here, so it is not decoded'

export interface KeptSubtitle {
  readonly stream: MediaStream
  /** FFmpeg's name of an encoder, or `copy`. */
  readonly encoder: string
}

/** Formats that FFmpeg can convert into one another: they are lines with times. */
const TEXT = ['mov_text', 'subrip', 'srt', 'ass', 'ssa', 'webvtt']
/** Pictures with times, which only Matroska takes. */
const BITMAP = ['dvd_subtitle', 'hdmv_pgs_subtitle', 'dvb_subtitle']

interface Rule {
  readonly own: readonly string[]
  /** For text in another form. */
  readonly encoder: string
}

/** By FFmpeg's name of the muxer. */
const RULES: Readonly<Record<string, Rule>> = {
  mp4: { own: ['mov_text'], encoder: 'mov_text' },
  mov: { own: ['mov_text'], encoder: 'mov_text' },
  matroska: { own: ['subrip', 'srt', 'ass', 'ssa', 'webvtt', ...BITMAP], encoder: 'srt' },
  webm: { own: ['webvtt'], encoder: 'webvtt' },
}

export type SubtitlePlan =
  | { readonly isKept: true; readonly subtitle: KeptSubtitle }
  | { readonly isKept: false; readonly why: string }

/** @param muxer - of a container with a picture; subtitles go with pictures only */
export function planSubtitle(stream: MediaStream, muxer: string | undefined): SubtitlePlan {
  const rule = muxer === undefined ? undefined : RULES[muxer]
  if (stream.isAccepted === false) return { isKept: false, why: NOT_ACCEPTED }
  if (!rule) return { isKept: false, why: 'chunks of sound only cannot hold subtitles' }
  if (rule.own.includes(stream.codec)) return { isKept: true, subtitle: { stream, encoder: 'copy' } }
  if (TEXT.includes(stream.codec)) return { isKept: true, subtitle: { stream, encoder: rule.encoder } }
  const why = BITMAP.includes(stream.codec)
    ? `subtitles that are pictures do not fit into ${muxer}`
    : `subtitles of this kind do not fit into ${muxer}`
  return { isKept: false, why }
}
