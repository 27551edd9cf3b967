/** Codecs as playlists name them (RFC 6381), read from the first bytes of a picture or of a packet of sound. Pure. @module */
import { SOUND_TYPES } from './tables.ts'

/** Types of NAL units of H.264: a slice, one of a keyframe, and the sequence's description. */
const [SLICE, KEY_SLICE, DESCRIPTION] = [1, 5, 7]

/** Shape: `avc1.64001F`. `undefined` when the picture's description is not before the picture: no player could begin with it. */
export function pictureCodec(head: Buffer): string | undefined {
  for (let at = head.indexOf(START_CODE); at >= 0; at = head.indexOf(START_CODE, at + 3)) {
    const type = (head[at + 3] ?? 0) & 31
    if (type === DESCRIPTION && at + 7 <= head.length)
      return `avc1.${head.toString('hex', at + 4, at + 7).toUpperCase()}`
    if (type === SLICE || type === KEY_SLICE) return undefined
  }
  return undefined
}

const START_CODE = Buffer.from([0, 0, 1])

/** @param type - the type of its stream in the map */
export function soundCodec(type: number, head: Buffer): string | undefined {
  switch (SOUND_TYPES[type]) {
    case 'adts':
      return head.length >= 7 && (head.readUInt16BE(0) & 0xfff6) === 0xfff0
        ? `mp4a.40.${((head[2] ?? 0) >> 6) + 1}`
        : undefined
    case 'mp3':
      return 'mp4a.40.34'
    case 'ac3':
      return 'ac-3'
    case 'eac3':
      return 'ec-3'
    case undefined:
      return undefined
  }
}
