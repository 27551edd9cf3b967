/** The container of the pieces, by the codecs that are received. Pure. @module */
import type { PieceFormat } from '../../runtime/index.ts'

/**
 * Codecs that FFmpeg's muxer of MPEG-TS has a stream type for: all others become private data that nobody can read. Not MPEG-4
 * part 2, whose headers other containers keep outside of its packets, where MPEG-TS has no place for them.
 */
const IN_MPEGTS = words('h264 hevc mpeg2video mpeg1video aac aac_latm mp3 mp2 mp1 ac3 eac3 dts truehd opus')
/** Codecs that players find in fragmented MP4. */
const IN_FMP4 = words('h264 hevc av1 vp9 mpeg4 aac mp3 ac3 eac3 opus flac alac')

export type Choice =
  | { readonly kind: 'fits'; readonly format: PieceFormat }
  /** `codec` is the first that fits nowhere, or not beside the others. */
  | { readonly kind: 'unfit'; readonly codec: string }

/** MPEG-TS where it can be: its pieces are readable after any kill, and joined by writing them one after the other. */
export function pieceFormatOf(codecs: readonly string[]): Choice {
  const strange = codecs.filter((codec) => !IN_MPEGTS.includes(codec))
  if (strange.length === 0) return { kind: 'fits', format: 'mpegts' }
  const unfit = codecs.find((codec) => !IN_FMP4.includes(codec))
  return unfit === undefined ? { kind: 'fits', format: 'fmp4' } : { kind: 'unfit', codec: unfit }
}

/** The other format, when a codec does not fit in this one; `kind: 'unfit'` when it fits in none. */
export function misfitOf(codec: string, format: PieceFormat): Choice | undefined {
  const isFit = (format === 'mpegts' ? IN_MPEGTS : IN_FMP4).includes(codec)
  return isFit ? undefined : pieceFormatOf([codec])
}

function words(text: string): readonly string[] {
  return text.split(' ')
}
