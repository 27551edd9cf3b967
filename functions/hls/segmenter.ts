/**
 * One track of a presentation: fragmented MP4 in, CMAF segments out, with what playlists say of them. Every number is read from
 * the boxes. Pure: bytes in, values out.
 * @module
 */
import { within } from '../media/bytes/mp4-boxes.ts'
import { createBoxReader, type TopBox } from './box-reader.ts'
import { readFragment, shiftFragment, type Fragment } from './fragment.ts'
import { readInit, type InitTrack } from './moov.ts'

/** A fragment of a segment that begins with a picture which needs no other. */
export interface KeyPicture {
  /** From the segment's beginning to the fragment's. */
  readonly offset: number
  /** The fragment's head and its first picture. */
  readonly bytes: number
  readonly seconds: number
}

export interface Segment {
  readonly bytes: Buffer
  readonly startTicks: number
  readonly endTicks: number
  readonly startSeconds: number
  readonly seconds: number
  readonly keyPictures: readonly KeyPicture[]
}

export interface SegmentedTrack extends InitTrack {
  /** Ticks that were added to each time, so that none is before 0; the init's edit takes them off again. */
  readonly shiftTicks: number
  readonly samples: number
  /** Where a picture is shown before the key picture that it follows: by when, in seconds. Such GOPs are open. */
  readonly openGopAtSeconds: number | undefined
  readonly endSeconds: number
}

export interface Segmenter {
  /** @throws {Error} when the bytes are no fragmented MP4 of one track, or contradict themselves */
  push(bytes: Buffer): void
  /**
   * Hands over what is left.
   *
   * @throws {Error} when the file is torn or has no sample
   */
  end(): SegmentedTrack
}

export interface SegmenterOptions {
  readonly seconds: number
  /** `init.mp4`; before any segment. */
  readonly onInit: (bytes: Buffer) => void
  readonly onSegment: (segment: Segment) => void
}

/** A GOP of 8K at its highest bit rate over a minute stays below. */
const MAX_BOX_BYTES = 512 * 1024 ** 2
/** Times in Matroska are rounded to it. */
const PICTURE_GRACE_SECONDS = 0.001
/** Half of a fragment of sound, so that sound is cut where the picture is. */
const SOUND_GRACE_SECONDS = 0.5
/** A last segment shorter than this part of the others joins the one before it: hls.js stops for good before one of 0.02 s. */
const SPLINTER_PART = 1 / 4
const MAX_SPLINTER_SECONDS = 1

interface OpenFragment extends Fragment {
  readonly moof: Buffer
  readonly mdat: Buffer
}

/** A segment ends where a fragment begins at or after the next multiple of `seconds`. */
export function createSegmenter({ seconds, onInit, onSegment }: SegmenterOptions): Segmenter {
  const head: Buffer[] = []
  let moov: Buffer | undefined
  let moof: Buffer | undefined
  let track: InitTrack | undefined
  let shiftTicks: number | undefined
  let open: OpenFragment[] = []
  let place = 0
  let held: Segment | undefined
  let decodedUntil: number | undefined
  let shownUntil = 0
  let samples = 0
  let openGopAtSeconds: number | undefined

  const at = (ticks: number) => (ticks - (shiftTicks ?? 0)) / (track?.ticksPerSecond ?? 1)

  const takeInit = (bytes: Buffer) => {
    const read = readInit(bytes.subarray(8))
    if (typeof read === 'string') throw new Error(`FFmpeg's output cannot be cut into segments: ${read}`)
    track = read
    moov = bytes
  }
  // Only the first fragment says whether the track begins before 0.
  const writeInit = (decodedAt: number) => {
    shiftTicks = Math.max(0, -decodedAt)
    if (shiftTicks > 0 && !(moov && shiftEdit(moov, shiftTicks)))
      throw new Error('FFmpeg’s output begins before 0 and has no single edit to say so')
    onInit(Buffer.concat(head))
  }
  const takeFragment = (mdat: Buffer) => {
    if (!track || !moof) throw new Error('FFmpeg’s output has samples before their tables')
    const first = readFragment(moof, track.defaults)
    if (!first) throw new Error('FFmpeg’s output has a fragment whose tables are torn')
    if (shiftTicks === undefined) writeInit(first.decodedAt)
    if (shiftTicks && !shiftFragment(moof, shiftTicks))
      throw new Error('FFmpeg’s output has times of 32 bits')
    const fragment = shiftTicks ? (readFragment(moof, track.defaults) as Fragment) : first
    check(fragment, mdat)
    decodedUntil = fragment.decodedUntil
    samples += fragment.samples
    if (track.kind === 'video' && fragment.earliestShownAt < fragment.shownAt)
      openGopAtSeconds ??= at(fragment.shownAt)
    const grace = track.kind === 'video' ? PICTURE_GRACE_SECONDS : SOUND_GRACE_SECONDS
    const due = Math.max(0, Math.floor((at(fragment.shownAt) + grace) / seconds))
    if (open.length > 0 && due > place) close(fragment.shownAt)
    if (open.length === 0) place = due
    shownUntil = Math.max(shownUntil, fragment.shownUntil)
    open.push({ ...fragment, moof, mdat })
    moof = undefined
  }
  const check = (fragment: Fragment, mdat: Buffer) => {
    const where = `the fragment at ${at(fragment.shownAt).toFixed(3)} s`
    const payload = mdat.length - (mdat.readUInt32BE(0) === 1 ? 16 : 8)
    if (fragment.bytes !== payload)
      throw new Error(`${where} has ${payload} bytes, and its table says ${fragment.bytes}`)
    if (decodedUntil !== undefined && fragment.decodedAt !== decodedUntil)
      throw new Error(
        `${where} does not begin where the one before it ends, at ${at(decodedUntil).toFixed(3)} s`,
      )
    if (track?.kind === 'video' && !fragment.isSync) throw new Error(`${where} begins without a keyframe`)
  }
  const cut = (endTicks: number): Segment => {
    const startTicks = open[0]?.shownAt ?? 0
    const toSeconds = (ticks: number) => ticks / (track?.ticksPerSecond ?? 1)
    const keyPictures: KeyPicture[] = []
    let offset = 0
    for (const [index, { moof, mdat, dataOffset, firstSampleBytes, shownAt }] of open.entries()) {
      const until = open[index + 1]?.shownAt ?? endTicks
      keyPictures.push({ offset, bytes: dataOffset + firstSampleBytes, seconds: toSeconds(until - shownAt) })
      offset += moof.length + mdat.length
    }
    return {
      bytes: Buffer.concat(open.flatMap(({ moof, mdat }) => [moof, mdat])),
      startTicks,
      endTicks,
      startSeconds: at(startTicks),
      seconds: toSeconds(endTicks - startTicks),
      keyPictures: track?.kind === 'video' ? keyPictures : [],
    }
  }
  const close = (endTicks: number) => {
    if (held) onSegment(held)
    held = cut(endTicks)
    open = []
  }
  const reader = createBoxReader(({ type, bytes }: TopBox) => {
    if (type === 'ftyp' || type === 'moov') {
      head.push(bytes)
      if (type === 'moov') takeInit(bytes)
    } else if (type === 'moof') moof = Buffer.from(bytes)
    else if (type === 'mdat') takeFragment(bytes)
    else if (type !== 'mfra') throw new Error(`FFmpeg's output has a box "${type}" that is not expected`)
  }, MAX_BOX_BYTES)

  return {
    push: (bytes) => reader.push(bytes),
    end() {
      if (reader.waitingBytes > 0 || moof)
        throw new Error(
          `FFmpeg's output breaks off: ${reader.waitingBytes} bytes of a box that is not complete`,
        )
      if (!track || open.length === 0) throw new Error('FFmpeg’s output has no sample')
      // The last one is held back until now, since it may be a splinter.
      const last = cut(shownUntil)
      if (held && last.seconds < Math.min(MAX_SPLINTER_SECONDS, seconds * SPLINTER_PART))
        onSegment(joined(held, last))
      else {
        if (held) onSegment(held)
        onSegment(last)
      }
      return { ...track, shiftTicks: shiftTicks ?? 0, samples, openGopAtSeconds, endSeconds: at(shownUntil) }
    },
  }
}

function joined(first: Segment, second: Segment): Segment {
  return {
    bytes: Buffer.concat([first.bytes, second.bytes]),
    startTicks: first.startTicks,
    endTicks: second.endTicks,
    startSeconds: first.startSeconds,
    seconds: first.seconds + second.seconds,
    keyPictures: [
      ...first.keyPictures,
      ...second.keyPictures.map((key) => ({ ...key, offset: key.offset + first.bytes.length })),
    ],
  }
}

/** Writes the shift into the one edit of the track, so that players take it off. */
function shiftEdit(moov: Buffer, ticks: number): boolean {
  const elst = within(moov.subarray(8), 'trak/edts/elst')
  if (elst?.[0] !== 0 || elst.length < 16 || elst.readUInt32BE(4) !== 1) return false
  elst.writeInt32BE(ticks, 12)
  return true
}
