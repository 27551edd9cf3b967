/** The beginning of a fragmented MP4 with one track (ISO/IEC 14496-12), without anything of the source but what decoders need. Pure. @module */
import { boxes, find, type Box } from '../../media/bytes/mp4-boxes.ts'
import { box, fullBox, halves, words } from './box.ts'
import type { TableTrack } from './track.ts'

/** Turns nothing. */
const MATRIX = words(0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
/** Of the movie: nothing is counted in it. */
const TICKS_PER_SECOND = 1_000
/** `und`, in letters of 5 bits. */
const NO_LANGUAGE = 0x55c4
const NEXT_TRACK = 2
/** The track's flags: it is enabled, and a part of the movie. */
const SHOWN = 3
/** The data are in this file. */
const SELF_CONTAINED = 1

/**
 * `ftyp` and `moov`; the one edit in it takes nothing off.
 *
 * @returns `undefined` where the sample entry is not as ISO has it, as in QuickTime
 */
export function initOf(track: TableTrack): Buffer | undefined {
  const { kind, ticksPerSecond, shownSize } = track
  const entry = sampleEntryOf(track)
  if (!entry) return undefined
  const isPicture = kind === 'video'
  const none = Buffer.alloc(4)
  const header = fullBox(
    'tkhd',
    { flags: SHOWN },
    words(0, 0, 1, 0, 0, 0, 0),
    halves(0, 0, isPicture ? 0 : 0x100, 0),
    MATRIX,
    shownSize,
  )
  const edits = box('edts', fullBox('elst', {}, words(1, 0, 0, 0x10000)))
  const tables = box(
    'stbl',
    fullBox('stsd', {}, words(1), entry),
    fullBox('stts', {}, none),
    fullBox('stsc', {}, none),
    fullBox('stsz', {}, none, none),
    fullBox('stco', {}, none),
  )
  const reference = fullBox('dref', {}, words(1), fullBox('url ', { flags: SELF_CONTAINED }))
  const mediaHeader = isPicture
    ? fullBox('vmhd', { flags: 1 }, Buffer.alloc(8))
    : fullBox('smhd', {}, Buffer.alloc(4))
  const media = box(
    'mdia',
    fullBox('mdhd', {}, words(0, 0, ticksPerSecond, 0), halves(NO_LANGUAGE, 0)),
    fullBox('hdlr', {}, none, Buffer.from(isPicture ? 'vide' : 'soun'), Buffer.alloc(13)),
    box('minf', mediaHeader, box('dinf', reference), tables),
  )
  const movie = fullBox(
    'mvhd',
    {},
    words(0, 0, TICKS_PER_SECOND, 0, 0x10000),
    halves(0x100, 0, 0, 0, 0, 0),
    MATRIX,
    Buffer.alloc(24),
    words(NEXT_TRACK),
  )
  const defaults = box('mvex', fullBox('trex', {}, words(1, 1, 0, 0, 0)))
  return Buffer.concat([
    box('ftyp', Buffer.from('iso6'), words(0), Buffer.from('iso6mp41')),
    box('moov', movie, box('trak', header, edits, media), defaults),
  ])
}

/** Bytes of a picture's sample entry before its boxes, and where the name of its encoder is. */
const PICTURE = { bytes: 78, name: [42, 74] } as const
/** The same of sound, and where QuickTime says that other fields follow. */
const SOUND = { bytes: 28, version: 8 } as const
/** Of `colr`, as ISO has it: `nclx`, three numbers, and a bit. */
const COLOUR_BYTES = 11

function sampleEntryOf({ kind, sampleEntry: { type, content } }: TableTrack): Buffer | undefined {
  if (kind === 'video') {
    if (type !== 'avc1' || content.length < PICTURE.bytes) return undefined
    const fields = withReference(content.subarray(0, PICTURE.bytes)).fill(0, ...PICTURE.name)
    const inner = boxes(content.subarray(PICTURE.bytes))
    const kept = inner.filter(isPictureBox).map((each) => box(each.type, each.content))
    return find(inner, 'avcC') && box('avc1', fields, ...kept)
  }
  if (type !== 'mp4a' || content.length < SOUND.bytes || content.readUInt16BE(SOUND.version) !== 0)
    return undefined
  const esds = find(boxes(content.subarray(SOUND.bytes)), 'esds')
  return esds && box('mp4a', withReference(content.subarray(0, SOUND.bytes)), box('esds', esds))
}

/** Decoders and screens need it; no text, and nothing that nobody knows. */
function isPictureBox({ type, content }: Box): boolean {
  if (type === 'colr') return content.length === COLOUR_BYTES && content.toString('latin1', 0, 4) === 'nclx'
  return type === 'avcC' || (type === 'pasp' && content.length === 8)
}

/** The fields of a sample entry, with the first data reference, which is the only one. */
function withReference(fields: Buffer): Buffer {
  const own = Buffer.from(fields)
  own.writeUInt16BE(1, 6)
  return own
}
