/**
 * One track of a presentation: fragmented MP4 in, CMAF segments out, with the numbers that playlists give for them. Every number
 * is read from the boxes. Pure: bytes in, values out.
 * @module
 */
import { within } from '../../media/bytes/mp4-boxes.ts'
import { createBoxReader } from './box-reader.ts'
import type { IsCut } from './cuts.ts'
import { readFragment, shiftFragment, type Fragment } from './fragment.ts'
import { readInit, type InitTrack } from './moov.ts'

/** A fragment of a segment that begins with a picture which needs no other; the next one is half a second later, or more. */
export interface KeyPicture {
  /** From the segment's beginning to the fragment's. */
  readonly offset: number
  /** The fragment's head and its first picture. */
  readonly bytes: number
  readonly seconds: number
}

export interface Segment {
  /** The numbers of the parts that it is made of: one, and two where a splinter was joined to it. */
  readonly parts: readonly number[]
  readonly sizeBytes: number
  readonly startTicks: number
  readonly endTicks: number
  /** On the timeline of the source, which begins with 0. */
  readonly startSeconds: number
  readonly seconds: number
  readonly keyPictures: readonly KeyPicture[]
}

export interface SegmentedTrack extends InitTrack {
  /** Ticks that were added to each time, so that none is before 0; the init's edit takes them off again. */
  readonly shiftTicks: number
  readonly samples: number
  /** When the first picture or sound is there. */
  readonly startSeconds: number
  readonly endSeconds: number
  /** Of a transport stream that has a picture: from its first frame to the end of its last, without sound that lasts longer. */
  readonly pictureSeconds?: number
  /** Of a transport stream that has a picture: packets of sound in it, and when they end. */
  readonly soundSamples?: number
  readonly soundEndSeconds?: number
}

export interface SegmenterOptions {
  readonly isCut: IsCut
  /** A last segment shorter than this joins the one before it: hls.js stops for good before one of 0.02 s. */
  readonly splinterSeconds: number
  /** `init.mp4`; before any segment. */
  readonly onInit: (bytes: Buffer) => void
  /** The next bytes of a part; parts are numbered from 0, and come one after the other. */
  readonly onBytes: (part: number, bytes: Buffer) => void
  /** No more bytes come for its parts. */
  readonly onSegment: (segment: Segment) => void
}

export interface Segmenter {
  /**
   * @throws {FlawError} when the bytes contradict themselves, or are not fragmented MP4 of one track
   * @throws {OpenGopError} where a picture is shown before the keyframe that it follows
   */
  push(bytes: Buffer): void
  /**
   * Hands over the rest.
   *
   * @throws {FlawError} when the file is torn or has no sample
   */
  end(): SegmentedTrack
}

/** FFmpeg's output is not as it should be: for this source, another run would end the same. */
export class FlawError extends Error {
  override readonly name = 'FlawError'
}

/** The picture cannot be copied: a player that begins or seeks there cannot decode it. */
export class OpenGopError extends Error {
  override readonly name = 'OpenGopError'
  readonly atSeconds: number

  constructor(atSeconds: number) {
    super(`a picture at ${atSeconds.toFixed(3)} s is shown before the keyframe that it follows`)
    this.atSeconds = atSeconds
  }
}

/** More are not listed: of a film of keyframes alone, hours long, the list would be larger than all else that is kept in memory. */
const KEY_PICTURE_SECONDS = 0.5

/** A segment that is not complete, or held back since the next one may be a splinter. */
interface Open {
  readonly part: number
  readonly fragments: { readonly shownAt: number; readonly offset: number; readonly keyBytes: number }[]
  sizeBytes: number
}

export function createSegmenter(options: SegmenterOptions): Segmenter {
  const { isCut, splinterSeconds, onInit, onBytes, onSegment } = options
  const head: Buffer[] = []
  let track: InitTrack | undefined
  let shiftTicks: number | undefined
  let awaited: { readonly fragment: Fragment; readonly moofBytes: number } | undefined
  let open: Open | undefined
  let held: Segment | undefined
  let last: Fragment | undefined
  let [parts, samples, startTicks, shownUntil] = [0, 0, 0, -Infinity]
  const toSeconds = (ticks: number) => ticks / (track?.ticksPerSecond ?? 1)
  const at = (ticks: number) => toSeconds(ticks - (shiftTicks ?? 0))

  /** Only the first fragment says whether the track begins before 0. */
  const writeInit = ({ decodedAt }: Fragment) => {
    shiftTicks = Math.max(0, -decodedAt)
    const moov = head.at(-1)
    if (shiftTicks > 0 && !(moov && shiftEdit(moov, shiftTicks)))
      throw new FlawError('it begins before 0, and has no single edit to say so')
    onInit(Buffer.concat(head))
  }
  const takeMoof = (moof: Buffer) => {
    if (!track || awaited) throw new FlawError('its boxes are out of order')
    const first = readFragment(moof, track.defaults)
    if (!first) throw new FlawError('the tables of a fragment are torn')
    if (shiftTicks === undefined) writeInit(first)
    if (shiftTicks && !shiftFragment(moof, shiftTicks)) throw new FlawError('its times have 32 bits')
    const fragment = shiftTicks ? (readFragment(moof, track.defaults) ?? first) : first
    mustFollow(fragment)
    const isPicture = track.kind === 'video'
    if (isPicture && fragment.earliestShownAt < fragment.shownAt) throw new OpenGopError(at(fragment.shownAt))
    if (last === undefined) startTicks = fragment.shownAt
    if (isCut(at(fragment.shownAt), isPicture ? 'video' : 'audio') && open) close(fragment.shownAt)
    open ??= { part: parts++, fragments: [], sizeBytes: 0 }
    const { dataOffset, firstSampleBytes, shownAt } = fragment
    open.fragments.push({ shownAt, offset: open.sizeBytes, keyBytes: dataOffset + firstSampleBytes })
    awaited = { fragment, moofBytes: moof.length }
    last = fragment
    samples += fragment.samples
    shownUntil = Math.max(shownUntil, fragment.shownUntil)
    write(moof)
  }
  const mustFollow = ({ shownAt, decodedAt, isSync }: Fragment) => {
    const where = `the fragment at ${at(shownAt).toFixed(3)} s`
    if (last !== undefined && decodedAt !== last.decodedUntil)
      throw new FlawError(
        `${where} does not begin where the one before it ends, at ${at(last.decodedUntil).toFixed(3)} s`,
      )
    if (track?.kind === 'video' && !isSync) throw new FlawError(`${where} begins without a keyframe`)
  }
  const write = (bytes: Buffer) => {
    if (!open) throw new FlawError('it has samples before their tables')
    open.sizeBytes += bytes.length
    onBytes(open.part, bytes)
  }
  const closed = ({ part, fragments, sizeBytes }: Open, endTicks: number): Segment => {
    const start = fragments[0]?.shownAt ?? 0
    let nextAt = -Infinity
    const keys = fragments.filter(({ shownAt }) => {
      if (toSeconds(shownAt) < nextAt) return false
      nextAt = toSeconds(shownAt) + KEY_PICTURE_SECONDS
      return true
    })
    const keyPictures = keys.map(({ shownAt, offset, keyBytes }, index) => ({
      offset,
      bytes: keyBytes,
      seconds: toSeconds((keys[index + 1]?.shownAt ?? endTicks) - shownAt),
    }))
    return {
      parts: [part],
      sizeBytes,
      startTicks: start,
      endTicks,
      startSeconds: at(start),
      seconds: toSeconds(endTicks - start),
      keyPictures: track?.kind === 'video' ? keyPictures : [],
    }
  }
  const close = (endTicks: number) => {
    if (held) onSegment(held)
    held = open && closed(open, endTicks)
    open = undefined
  }
  const reader = createBoxReader({
    onBox(type, bytes) {
      if (type === 'moof') return takeMoof(bytes)
      if (type === 'mfra') return
      if (type !== 'ftyp' && type !== 'moov') throw new FlawError(`its box "${type}" is not expected`)
      head.push(bytes)
      if (type === 'ftyp') return
      const read = readInit(bytes.subarray(8))
      if (typeof read === 'string') throw new FlawError(read)
      track = read
    },
    onMedia(header, payloadBytes) {
      if (!awaited) throw new FlawError('it has samples before their tables')
      const { fragment, moofBytes } = awaited
      const where = `the fragment at ${at(fragment.shownAt).toFixed(3)} s`
      if (fragment.bytes !== payloadBytes)
        throw new FlawError(`${where} has ${payloadBytes} bytes, and its table says ${fragment.bytes}`)
      if (fragment.dataOffset !== moofBytes + header.length)
        throw new FlawError(`${where} has its samples elsewhere than its table says`)
      awaited = undefined
      write(header)
    },
    onMediaPart: write,
  })

  return {
    push: (bytes) => reader.push(bytes),
    end() {
      if (reader.openBytes > 0 || awaited)
        throw new FlawError(`it is cut off: ${reader.openBytes} bytes of a box are missing or left over`)
      if (!track || !open) throw new FlawError('it has no sample')
      const final = closed(open, shownUntil)
      if (held && final.seconds < splinterSeconds) onSegment(joined(held, final))
      else {
        if (held) onSegment(held)
        onSegment(final)
      }
      return {
        ...track,
        shiftTicks: shiftTicks ?? 0,
        samples,
        startSeconds: at(startTicks),
        endSeconds: at(shownUntil),
      }
    },
  }
}

/** One segment of two that follow one another. */
export function joined(first: Segment, second: Segment): Segment {
  const later = second.keyPictures.map((key) => ({ ...key, offset: key.offset + first.sizeBytes }))
  return {
    parts: [...first.parts, ...second.parts],
    sizeBytes: first.sizeBytes + second.sizeBytes,
    startTicks: first.startTicks,
    endTicks: second.endTicks,
    startSeconds: first.startSeconds,
    seconds: first.seconds + second.seconds,
    keyPictures: [...first.keyPictures, ...later],
  }
}

/** Writes the shift into the one edit of the track, so that players take it off. */
function shiftEdit(moov: Buffer, ticks: number): boolean {
  const elst = within(moov.subarray(8), 'trak/edts/elst')
  if (elst?.[0] !== 0 || elst.length < 16 || elst.readUInt32BE(4) !== 1) return false
  elst.writeInt32BE(ticks, 12)
  return true
}
