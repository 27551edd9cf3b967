/** The first bytes of a sender, as far as they tell by themselves what they are, before FFmpeg sees them. Pure. @module */
import { SNIFF_BYTES, sniff } from '../media/bytes/sniff.ts'

export const RECEIVABLE = 'MPEG-TS, FLV, Matroska, WebM, fragmented MP4, Ogg, MP3, ADTS or FLAC'

const REFUSED_DEMUXERS: Readonly<Record<string, string>> = {
  avi: 'AVI',
  mxf: 'MXF',
  asf: 'ASF',
  aiff: 'AIFF',
  caf: 'CAF',
  mpeg: 'an MPEG program stream',
}

export type FirstBytes =
  | { readonly kind: 'plausible' }
  | { readonly kind: 'undecided' }
  | { readonly kind: 'refused'; readonly why: string }

export function lookAtFirstBytes(head: Buffer, isAll: boolean): FirstBytes {
  if (head.length < SNIFF_BYTES && !isAll) return { kind: 'undecided' }
  const { refusal, demuxer } = sniff(head.subarray(0, SNIFF_BYTES))
  if (refusal !== undefined) return { kind: 'refused', why: `it is ${refusal}` }
  const container = REFUSED_DEMUXERS[demuxer ?? '']
  if (container !== undefined)
    return {
      kind: 'refused',
      why: `it is ${container}, which is not received as a stream: send ${RECEIVABLE}`,
    }
  if (demuxer === 'mov') return lookAtMp4(head, isAll)
  return { kind: 'plausible' }
}

const INDEX_AT_END =
  'it is an MP4 with its index at the end, so nothing can be read before all has arrived: send MPEG-TS, Matroska or a fragmented MP4 (-movflags frag_keyframe+empty_moov), or upload it as a file'
const INDEX_TOO_LARGE =
  'it is an MP4 with a large index: send MPEG-TS, Matroska or a fragmented MP4 (-movflags frag_keyframe+empty_moov), or upload it as a file'

/** The media must come after the index, whose box has to be here as a whole. */
function lookAtMp4(head: Buffer, isAll: boolean): FirstBytes {
  for (let at = 0; at + 16 <= head.length;) {
    const type = head.toString('latin1', at + 4, at + 8)
    const short = head.readUInt32BE(at)
    const sizeBytes = short === 1 ? Number(head.readBigUInt64BE(at + 8)) : short
    if (type === 'mdat') return { kind: 'refused', why: INDEX_AT_END }
    // 0 means up to the end of the file.
    const isWhole = sizeBytes > 0 && at + sizeBytes <= head.length
    if (type === 'moov') {
      if (isWhole) return { kind: 'plausible' }
      return isAll ? { kind: 'refused', why: INDEX_TOO_LARGE } : { kind: 'undecided' }
    }
    if (!isWhole || sizeBytes < 8) break
    at += sizeBytes
  }
  return isAll ? { kind: 'plausible' } : { kind: 'undecided' }
}
