/** A fragment of one track: its samples, from its `moof`. Pure. @module */
import { boxes, find, within } from '../../media/bytes/mp4-boxes.ts'
import type { SampleDefaults } from './moov.ts'

export interface Fragment {
  /** The decoding time of the first sample, in ticks; negative for a track that begins before 0, such as AAC with its delay. */
  readonly decodedAt: number
  /** The decoding time after the last one. */
  readonly decodedUntil: number
  /** When the first sample is shown. Builds before 7 give copied Matroska other decoding times, so this is where it begins. */
  readonly shownAt: number
  /** When the earliest sample is shown: before {@link shownAt} in an open GOP. */
  readonly earliestShownAt: number
  readonly shownUntil: number
  readonly samples: number
  /** Of all samples together. */
  readonly bytes: number
  readonly firstSampleBytes: number
  /** Whether the first sample can be decoded by itself. */
  readonly isSync: boolean
  /** From the beginning of `moof` to the first sample. */
  readonly dataOffset: number
}

/** Flags of `tfhd` and `trun` (ISO/IEC 14496-12, 8.8.7 and 8.8.8). */
const TFHD = { baseOffset: 0x1, description: 0x2, ticks: 0x8, bytes: 0x10, flags: 0x20 }
const TRUN = { dataOffset: 0x1, firstFlags: 0x4, ticks: 0x100, bytes: 0x200, flags: 0x400, delay: 0x800 }
/** Of a sample: it cannot be decoded by itself. */
const NOT_SYNC = 0x10000

/**
 * @param moof - the whole box
 * @returns `undefined` when it is torn, has several tracks or no sample
 */
export function readFragment(moof: Buffer, defaults: SampleDefaults): Fragment | undefined {
  const trafs = boxes(moof.subarray(8)).filter(({ type }) => type === 'traf')
  const [traf] = trafs
  if (!traf || trafs.length > 1) return undefined
  try {
    return samplesOf(traf.content, defaults)
  } catch (error) {
    // A table that says more than it holds.
    if (error instanceof RangeError) return undefined
    throw error
  }
}

function samplesOf(traf: Buffer, defaults: SampleDefaults): Fragment | undefined {
  const own = defaultsOf(traf, defaults)
  const decodedAt = decodingTime(traf)
  if (own === undefined || decodedAt === undefined) return undefined
  let at = decodedAt
  let [samples, bytes, firstSampleBytes, dataOffset, shownUntil] = [0, 0, 0, 0, -Infinity]
  let [shownAt, earliestShownAt, isSync] = [0, Infinity, false]
  for (const { content: trun } of boxes(traf).filter(({ type }) => type === 'trun')) {
    const flags = trun.readUIntBE(1, 3)
    let place = 8
    const next = (read: 'readUInt32BE' | 'readInt32BE' = 'readUInt32BE') => trun[read]((place += 4) - 4)
    if (flags & TRUN.dataOffset) dataOffset = samples === 0 ? next('readInt32BE') : (next(), dataOffset)
    const firstFlags = flags & TRUN.firstFlags ? next() : undefined
    for (let left = trun.readUInt32BE(4), isFirst = true; left > 0; left--, isFirst = false) {
      const ticks = flags & TRUN.ticks ? next() : own.ticks
      const size = flags & TRUN.bytes ? next() : own.bytes
      const sampleFlags =
        flags & TRUN.flags ? next() : isFirst && firstFlags !== undefined ? firstFlags : own.flags
      // Signed in version 1; FFmpeg writes negative ones with `negative_cts_offsets`.
      const delay = flags & TRUN.delay ? next(trun[0] === 0 ? 'readUInt32BE' : 'readInt32BE') : 0
      if (samples === 0)
        [firstSampleBytes, shownAt, isSync] = [size, at + delay, (sampleFlags & NOT_SYNC) === 0]
      earliestShownAt = Math.min(earliestShownAt, at + delay)
      shownUntil = Math.max(shownUntil, at + delay + ticks)
      at += ticks
      bytes += size
      samples++
    }
  }
  if (samples === 0) return undefined
  const shown = { shownAt, earliestShownAt, shownUntil }
  return { decodedAt, decodedUntil: at, ...shown, samples, bytes, firstSampleBytes, isSync, dataOffset }
}

function defaultsOf(traf: Buffer, { ticks, bytes, flags }: SampleDefaults): SampleDefaults | undefined {
  const tfhd = find(boxes(traf), 'tfhd')
  if (!tfhd) return undefined
  const given = tfhd.readUIntBE(1, 3)
  let place = 8
  if (given & TFHD.baseOffset) place += 8
  if (given & TFHD.description) place += 4
  const next = (isGiven: number, fallback: number) =>
    isGiven ? tfhd.readUInt32BE((place += 4) - 4) : fallback
  return {
    ticks: next(given & TFHD.ticks, ticks),
    bytes: next(given & TFHD.bytes, bytes),
    flags: next(given & TFHD.flags, flags),
  }
}

/** Signed: FFmpeg writes a time before 0 as 18446744073709550592. */
function decodingTime(traf: Buffer): number | undefined {
  const tfdt = within(traf, 'tfdt')
  if (!tfdt) return undefined
  return tfdt[0] === 1 ? Number(tfdt.readBigInt64BE(4)) : tfdt.readUInt32BE(4)
}

/** Moves the fragment's decoding time, in the bytes themselves. Only of a `tfdt` of 64 bits, which FFmpeg always writes. */
export function shiftFragment(moof: Buffer, ticks: number): boolean {
  const tfdt = within(moof.subarray(8), 'traf/tfdt')
  if (tfdt?.[0] !== 1) return false
  // A view of the same memory.
  tfdt.writeBigInt64BE(tfdt.readBigInt64BE(4) + BigInt(ticks), 4)
  return true
}
