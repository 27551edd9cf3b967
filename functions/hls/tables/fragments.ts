/** The samples of a track -> its fragments, each as the tables before its bytes, and where these are in the source. Pure. @module */
import { SOUND_FRAGMENT_SECONDS } from '../cut/cuts.ts'
import { box, fullBox, words } from './box.ts'
import type { Samples } from './samples.ts'
import type { TableTrack } from './track.ts'

/** From one byte of the source to another, which is not included. */
export interface Range {
  readonly start: number
  readonly end: number
}

export interface PlannedFragment {
  /** `moof`, and the header of `mdat`. */
  readonly head: Buffer
  /** The content of `mdat`: in turn, and none of them touches the next. */
  readonly ranges: readonly Range[]
  /** When its first sample is shown. */
  readonly shownSeconds: number
}

/** A size of 32 bits. */
const MAX_FRAGMENT_BYTES = 0xffff_fff0
/** They are gathered in memory. A minute at 240 pictures a second has 14,400. */
const MAX_FRAGMENT_SAMPLES = 100_000
/** A time of 32 bits, before or after another. */
const MAX_TICKS = 0x7fff_ffff

/** The reason not to copy by tables that can be read in one way all the same, found before anything is made of them. */
export function objectionTo(track: TableTrack, sizeBytes: number): string | undefined {
  const samples = track.samples()
  if (!samples) return 'a table is missing'
  const isDue = dueIn(track)
  let [end, count, lead, from, decodedAt] = [0, 0, 0, 0, 0]
  let [fragmentBytes, fragmentSamples] = [0, 0]
  for (; samples.next(); count++) {
    const { offset, bytes, ticks, delay, isKey } = samples
    if (offset < end) return 'its samples are not in the order of the file'
    if (ticks <= 0 || bytes === 0) return 'a sample lasts no time, or has no bytes'
    if (count === 0 && !isKey) return 'it begins without a keyframe'
    if (count === 0) lead = delay
    if (Math.max(Math.abs(delay - lead), Math.abs(lead - track.beginTicks)) > MAX_TICKS)
      return 'a sample is shown too long after it is decoded, or before'
    if (isDue(isKey, decodedAt - from)) [fragmentBytes, fragmentSamples, from] = [0, 0, decodedAt]
    fragmentBytes += bytes
    if (fragmentBytes > MAX_FRAGMENT_BYTES) return 'a group of pictures has more than 4 GiB'
    if (++fragmentSamples > MAX_FRAGMENT_SAMPLES)
      return 'a group of pictures, or a second of sound, has too many samples'
    decodedAt += ticks
    end = offset + bytes
    if (end > sizeBytes) return 'its samples end behind the file'
  }
  return samples.isExact && count === track.packets ? undefined : 'its tables contradict one another'
}

/**
 * Of a track without an {@link objectionTo}: pictures from keyframe to keyframe, sound by the second. As FFmpeg does with
 * `negative_cts_offsets`, the first sample is shown when it is decoded: no edit is needed for B-frames.
 */
export function* fragmentsOf(track: TableTrack): Generator<PlannedFragment, void, void> {
  const samples = track.samples()
  const isDue = dueIn(track)
  let lead: number | undefined
  let decodedAt = -track.beginTicks
  let open = gatherFrom(decodedAt, 1)
  while (samples?.next()) {
    if (lead === undefined) {
      lead = samples.delay
      decodedAt += lead
      open = gatherFrom(decodedAt, 1)
    }
    if (isDue(samples.isKey, decodedAt - open.decodedAt) && open.sizes.length > 0) {
      yield fragmentOf(open, track)
      open = gatherFrom(decodedAt, open.number + 1)
    }
    add(open, samples, lead)
    decodedAt += samples.ticks
  }
  if (open.sizes.length > 0) yield fragmentOf(open, track)
}

/** Whether a fragment begins with a sample, so many ticks after the one before it began. */
function dueIn({ kind, ticksPerSecond }: TableTrack): (isKey: boolean, ticks: number) => boolean {
  const longestTicks = ticksPerSecond * SOUND_FRAGMENT_SECONDS
  return kind === 'video' ? (isKey) => isKey : (_isKey, ticks) => ticks >= longestTicks
}

/** The samples of one fragment. */
interface Gathered {
  readonly number: number
  readonly decodedAt: number
  readonly sizes: number[]
  readonly ticks: number[]
  readonly delays: number[]
  readonly ranges: { readonly start: number; end: number }[]
  bytes: number
}

function gatherFrom(decodedAt: number, number: number): Gathered {
  return { number, decodedAt, sizes: [], ticks: [], delays: [], ranges: [], bytes: 0 }
}

function add(to: Gathered, { offset, bytes, ticks, delay }: Samples, lead: number): void {
  to.sizes.push(bytes)
  to.ticks.push(ticks)
  to.delays.push(delay - lead)
  to.bytes += bytes
  const last = to.ranges.at(-1)
  if (last?.end === offset) last.end += bytes
  else to.ranges.push({ start: offset, end: offset + bytes })
}

/** Flags of `tfhd` and `trun` (ISO/IEC 14496-12, 8.8.7 and 8.8.8). */
const TFHD = { flags: 0x20, baseIsMoof: 0x20000 }
const TRUN = { dataOffset: 0x1, firstFlags: 0x4, ticks: 0x100, bytes: 0x200, delay: 0x800 }
/** Of a sample: others depend on it or it on others, and it can be begun with or not. */
const KEY = 0x2000000
const NO_KEY = 0x1010000
/** Bytes of `moof` up to the rows of its `trun`: of `moof`, `mfhd`, `traf`, `tfhd`, `tfdt`, and of `trun` itself. */
const BEFORE_ROWS = 8 + 16 + 8 + 20 + 20 + 24
const MEDIA_HEADER_BYTES = 8

function fragmentOf(gathered: Gathered, { kind, ticksPerSecond }: TableTrack): PlannedFragment {
  const { number, decodedAt, sizes, ticks, delays, ranges, bytes } = gathered
  const rows = Buffer.allocUnsafe(sizes.length * 12)
  for (let place = 0, at = 0; place < sizes.length; place++) {
    at = rows.writeUInt32BE(ticks[place] ?? 0, at)
    at = rows.writeUInt32BE(sizes[place] ?? 0, at)
    at = rows.writeInt32BE(delays[place] ?? 0, at)
  }
  const time = Buffer.alloc(8)
  // Sound may be decoded before 0.
  time.writeBigInt64BE(BigInt(decodedAt))
  const trun = { version: 1, flags: TRUN.dataOffset | TRUN.firstFlags | TRUN.ticks | TRUN.bytes | TRUN.delay }
  const dataOffset = BEFORE_ROWS + rows.length + MEDIA_HEADER_BYTES
  const moof = box(
    'moof',
    fullBox('mfhd', {}, words(number)),
    box(
      'traf',
      fullBox('tfhd', { flags: TFHD.baseIsMoof | TFHD.flags }, words(1, kind === 'video' ? NO_KEY : KEY)),
      fullBox('tfdt', { version: 1 }, time),
      fullBox('trun', trun, words(sizes.length, dataOffset, KEY), rows),
    ),
  )
  const media = Buffer.concat([words(bytes + MEDIA_HEADER_BYTES), Buffer.from('mdat')])
  return {
    head: Buffer.concat([moof, media]),
    ranges,
    shownSeconds: (decodedAt + (delays[0] ?? 0)) / ticksPerSecond,
  }
}
