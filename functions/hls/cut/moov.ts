/** The track of a fragmented MP4 with one track, from its `moov`. Pure. @module */
import { boxes, editsOf, find, ticksPerSecond, within, type Edit } from '../../media/bytes/mp4-boxes.ts'
import { codecOf } from './codec.ts'

/** The values of a sample unless its fragment says otherwise (`trex`). */
export interface SampleDefaults {
  readonly ticks: number
  readonly bytes: number
  readonly flags: number
}

export interface InitTrack {
  readonly kind: 'video' | 'audio'
  readonly ticksPerSecond: number
  /** RFC 6381. */
  readonly codec: string
  readonly edits: readonly Edit[]
  readonly defaults: SampleDefaults
  /** In pixels; of a picture. */
  readonly width?: number
  readonly height?: number
  /** Of sound. */
  readonly channels?: number
  readonly sampleRate?: number
}

/** Of `stsd`, before its entries: version, flags, and their number. */
const STSD_HEADER_BYTES = 8
const NO_DEFAULTS: SampleDefaults = { ticks: 0, bytes: 0, flags: 0 }

/**
 * @param moov - the content of the box
 * @returns a sentence's part when players could not use it: `it has 2 tracks`
 */
export function readInit(moov: Buffer): InitTrack | string {
  const traks = boxes(moov).filter(({ type }) => type === 'trak')
  const [trak] = traks
  if (!trak || traks.length > 1) return `it has ${traks.length} tracks`
  const media = within(trak.content, 'mdia')
  const handler = within(media, 'hdlr')?.toString('latin1', 8, 12)
  if (handler !== 'vide' && handler !== 'soun') return `its track is of the kind "${handler ?? ''}"`
  const [entry] = boxes(within(media, 'minf/stbl/stsd')?.subarray(STSD_HEADER_BYTES))
  const codec = entry && codecOf(entry)
  if (!entry || codec === undefined) return `players have no name for its codec "${entry?.type ?? ''}"`
  const common = {
    ticksPerSecond: ticksPerSecond(within(media, 'mdhd')),
    codec,
    edits: editsOf(within(trak.content, 'edts/elst')),
    defaults: defaultsOf(moov),
  }
  const { content } = entry
  if (content.length < 28) return 'its sample entry is torn'
  return handler === 'vide'
    ? { kind: 'video', ...common, width: content.readUInt16BE(24), height: content.readUInt16BE(26) }
    : { kind: 'audio', ...common, channels: content.readUInt16BE(16), sampleRate: content.readUInt16BE(24) }
}

function defaultsOf(moov: Buffer): SampleDefaults {
  const trex = find(boxes(within(moov, 'mvex')), 'trex')
  if (!trex || trex.length < 24) return NO_DEFAULTS
  return { ticks: trex.readUInt32BE(12), bytes: trex.readUInt32BE(16), flags: trex.readUInt32BE(20) }
}
