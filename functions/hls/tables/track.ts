/**
 * A track of an MP4 or QuickTime source whose tables can be read in one way: then they say what its packets are, and where its
 * bytes lie, as FFmpeg would find. Pure.
 * @module
 */
import { boxes, editsOf, find, ticksPerSecond, within, type Box } from '../../media/bytes/mp4-boxes.ts'
import type { DeclaredTrack } from '../../media/bytes/mp4-source.ts'
import { samplesOf, type Samples } from './samples.ts'

export interface TableTrack {
  readonly kind: 'video' | 'audio'
  readonly ticksPerSecond: number
  readonly packets: number
  /** Its edit takes this off each time. */
  readonly beginTicks: number
  readonly hasEdit: boolean
  /** The only one. */
  readonly sampleEntry: Box
  /** As `tkhd` has them: 16.16, eight bytes. */
  readonly shownSize: Buffer
  /** From the first sample on. */
  samples(): Samples | undefined
}

/** A day at 240 pictures a second. */
const MAX_PACKETS = 20_000_000
/** Tables that say in other ways which pictures can be begun with, or what a sample has. */
const OTHER_TABLES: Readonly<Record<DeclaredTrack['kind'], readonly string[]>> = {
  video: ['stps', 'sbgp', 'stz2'],
  audio: ['stz2'],
  other: [],
}
/** Each is there once: of two, FFmpeg reads the second. */
const ONCE = [
  'tkhd',
  'edts',
  'mdia',
  'mdhd',
  'minf',
  'dinf',
  'stbl',
  'stsd',
  'stts',
  'ctts',
  'stss',
  'stsz',
  'stsc',
  'stco',
  'co64',
]
/** Where the matrices of `tkhd` and `mvhd` begin, from their ends. */
const MATRIX_AT = { track: -44, movie: -64 }
/** The first rows of one that neither turns, mirrors nor stretches. */
const UPRIGHT = [0x10000, 0, 0, 0, 0x10000, 0]
/** Of sound, an edit takes off the encoder's delay: FFmpeg keeps the packets of a second before it. */
const MAX_DELAY_SECONDS = 1

/**
 * @param moov - the content of the box
 * @returns `undefined` for a track that is not plain: in fragments, with several edits, with pictures that its edit hides
 */
export function tableTrack(
  moov: Buffer,
  { trackId, kind, packets, edits, hiddenBefore, hiddenAfter }: DeclaredTrack,
): TableTrack | undefined {
  const movie = boxes(moov)
  const [{ content: trak } = { content: undefined }, ...namesakes] = movie.filter(
    ({ type, content }) => type === 'trak' && idOf(content) === trackId,
  )
  const header = within(trak, 'tkhd')
  const media = within(trak, 'mdia')
  const information = within(media, 'minf')
  const tables = boxes(within(information, 'stbl'))
  const list = editsOf(within(trak, 'edts/elst'))
  const descriptions = find(tables, 'stsd')
  const [sampleEntry] = boxes(descriptions?.subarray(8))
  const perSecond = ticksPerSecond(within(media, 'mdhd'))
  const beginTicks = list[0]?.mediaTime ?? 0
  const isPicture = kind === 'video'
  const isPlain =
    find(movie, 'mvex') === undefined &&
    namesakes.length === 0 &&
    [moov, trak, media, information, within(information, 'stbl')].every(isReadInOneWay) &&
    isSelfContained(within(information, 'dinf/dref')) &&
    packets > 0 &&
    packets <= MAX_PACKETS &&
    countOf(tables, 'stsz', 8) === packets &&
    countOf(tables, 'stsd', 4) === 1 &&
    !tables.some(({ type }) => OTHER_TABLES[kind].includes(type)) &&
    list.length === edits &&
    edits <= 1 &&
    hiddenAfter === 0 &&
    (!isPicture || (hiddenBefore === 0 && (countOf(tables, 'stss', 4) ?? 0) > 0)) &&
    (!isPicture || (isUpright(header, MATRIX_AT.track) && isUpright(find(movie, 'mvhd'), MATRIX_AT.movie))) &&
    (isPicture || beginTicks < MAX_DELAY_SECONDS * perSecond)
  if (!isPlain || kind === 'other' || !sampleEntry || !header || header.length < 8) return undefined
  return {
    kind,
    ticksPerSecond: perSecond,
    packets,
    beginTicks,
    hasEdit: edits > 0,
    sampleEntry,
    shownSize: header.subarray(-8),
    samples: () => samplesOf(tables),
  }
}

function idOf(trak: Buffer): number | undefined {
  const header = within(trak, 'tkhd')
  return header && header.length >= 24 ? header.readUInt32BE(header[0] === 1 ? 20 : 12) : undefined
}

function countOf(tables: readonly Box[], type: string, at: number): number | undefined {
  const table = find(tables, type)
  return table && table.length >= at + 4 ? table.readUInt32BE(at) : undefined
}

/** A box whose size has 64 bits ends what {@link boxes} finds: tables behind it would be missing. */
function isReadInOneWay(content: Buffer | undefined): boolean {
  const found = boxes(content)
  const types = found.map(({ type }) => type).filter((type) => ONCE.includes(type))
  const bytes = found.reduce((sum, each) => sum + 8 + each.content.length, 0)
  return content !== undefined && content.length - bytes < 8 && new Set(types).size === types.length
}

/** Its samples are in the file, and not in another one that it names. */
function isSelfContained(references: Buffer | undefined): boolean {
  const found = boxes(references?.subarray(8))
  return found.length > 0 && found.every(({ content }) => ((content[3] ?? 0) & 1) === 1)
}

function isUpright(header: Buffer | undefined, from: number): boolean {
  const matrix = header?.subarray(from)
  return matrix?.length === -from && UPRIGHT.every((value, place) => matrix.readInt32BE(place * 4) === value)
}
