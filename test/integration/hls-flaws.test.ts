/** FFmpeg's output, broken on its way: each fault is found before anything of a presentation can be seen. */
import { execFile } from 'node:child_process'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { presentationArguments } from '../../functions/hls/arguments.ts'
import { everySeconds } from '../../functions/hls/cut/cuts.ts'
import { createSegmenter, type Segment } from '../../functions/hls/cut/segmenter.ts'
import { clipFolder, makeClip } from '../helpers/clips.ts'
import { ffmpegBuilds } from '../helpers/ffmpeg-builds.ts'

const [build] = await ffmpegBuilds()
let folder: string
/** Picture alone, in fragments of a second, eight of them. */
let whole: readonly Box[]

interface Box {
  readonly type: string
  readonly bytes: Buffer
}

beforeAll(async () => {
  folder = await clipFolder()
  const source = await makeClip(folder, 'video-only.mp4')
  const stream = { index: 0, codec: 'h264', isDefault: true, rotation: 0, isHdr: false }
  const track = { name: 'source', how: 'copy' as const, width: 128, height: 72, bitsPerSecond: 0 }
  const words = presentationArguments({
    input: { address: `file:${source}`, isUrl: false, demuxer: 'mov' },
    plan: {
      picture: { stream, width: 128, height: 72, isInterlaced: false, transfer: 'smpte2084' },
      pictures: [track],
      sounds: [],
      subtitles: [],
    },
    seconds: 2,
    quality: 23,
    hasFpsMode: build?.hasFpsMode ?? true,
    keepsGoodPart: false,
  })
  const made = join(folder, 'made.mp4')
  const toFile = words.map((word) =>
    word === 'pipe:4' ? `file:${made}` : word === 'pipe:3' ? 'pipe:1' : word,
  )
  await promisify(execFile)(build?.ffmpegPath ?? 'ffmpeg', toFile, { env: { GCONV_PATH: '/nonexistent' } })
  whole = boxesOf(await readFile(made))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

function boxesOf(bytes: Buffer): readonly Box[] {
  const found: Box[] = []
  for (let at = 0; at < bytes.length;) {
    const size = bytes.readUInt32BE(at)
    found.push({ type: bytes.toString('latin1', at + 4, at + 8), bytes: bytes.subarray(at, at + size) })
    at += size
  }
  return found
}

/** Boxes as they come through a pipe. */
function segmentsOf(boxes: readonly Box[]) {
  const segments: Segment[] = []
  const segmenter = createSegmenter({
    isCut: everySeconds(2),
    splinterSeconds: 0.5,
    onInit: () => {},
    onBytes: () => {},
    onSegment: (segment) => segments.push(segment),
  })
  for (const { bytes } of boxes) segmenter.push(Buffer.from(bytes))
  return { segments, track: segmenter.end() }
}

/** The same, with the n-th box of a type changed; nothing in its place leaves it out. */
function changed(type: string, place: number, change: (bytes: Buffer) => Buffer | undefined): readonly Box[] {
  let count = 0
  return whole.flatMap((box) => {
    if (box.type !== type || count++ !== place) return [box]
    const bytes = change(Buffer.from(box.bytes))
    return bytes ? [{ type, bytes }] : []
  })
}

/** Where a box inside a fragment's tables begins. */
function inside(moof: Buffer, type: string): number {
  return moof.indexOf(Buffer.from(type, 'latin1')) - 4
}

/** Adds to a number of 32 bits in a box. */
const plus = (type: string, offset: number, by: number) => (moof: Buffer) => {
  const at = inside(moof, type) + offset
  moof.writeUInt32BE((moof.readUInt32BE(at) + by) >>> 0, at)
  return moof
}

/** In `trun`, after header, flags, count and offset of the data: the first sample's length, size, flags and delay. */
const FIRST_ROW = 20

describe('the segments of a picture', () => {
  it('are whole, and last as long as it does', () => {
    const { segments, track } = segmentsOf(whole)
    expect(segments.map(({ seconds }) => seconds)).toEqual([2, 2, 2, 2])
    expect(track).toMatchObject({ samples: 200, startSeconds: 0, endSeconds: 8 })
  })

  it.each([
    [
      'a table that names more bytes than there are',
      () => changed('moof', 3, flipSize),
      /has \d+ bytes, and its table says \d+/,
    ],
    [
      'a fragment that lasts longer than its table says',
      () => changed('moof', 3, flipLength),
      /does not begin where the one before it ends, at/,
    ],
    [
      'samples that begin elsewhere',
      () => changed('moof', 3, plus('trun', 16, 4)),
      /has its samples elsewhere than its table says/,
    ],
    [
      'a fragment that is missing',
      () => without(3),
      /the fragment at 4\.\d+ s does not begin where the one before it ends, at 3\.\d+ s/,
    ],
    ['tables without their samples', () => changed('mdat', 3, () => undefined), /its boxes are out of order/],
    [
      'samples without their tables',
      () => changed('moof', 3, () => undefined),
      /it has samples before their tables/,
    ],
    [
      'samples that are cut off',
      () => [...whole.slice(0, 11), cutOff()],
      /it is cut off: \d+ bytes of a box are missing/,
    ],
    ['tables that are cut off', () => changed('moof', 3, tornTable), /the tables of a fragment are torn/],
    ['no sample at all', () => whole.slice(0, 2), /it has no sample/],
    [
      'a box that does not belong there',
      () => changed('moof', 3, named('free')),
      /its box "free" is not expected/,
    ],
    [
      'a fragment that begins without a keyframe',
      () => changed('moof', 3, notSync),
      /begins without a keyframe/,
    ],
    [
      'a picture before its keyframe',
      () => changed('moof', 3, lateKey),
      /is shown before the keyframe that it follows/,
    ],
  ])('are refused with %s', (_, boxes, message) => {
    expect(() => segmentsOf(boxes())).toThrow(message)
  })
})

const flags = (moof: Buffer) => moof.readUIntBE(inside(moof, 'trun') + 9, 3)
/** Bytes of the columns before one of them, in the first row. */
const columnsBefore = (moof: Buffer, column: number) =>
  [0x100, 0x200, 0x400].filter((bit) => bit < column && flags(moof) & bit).length * 4
const firstRow = (moof: Buffer) => FIRST_ROW + (flags(moof) & 4 ? 4 : 0)

function flipSize(moof: Buffer): Buffer {
  return plus('trun', firstRow(moof) + columnsBefore(moof, 0x200), 1 << 5)(moof)
}

/** Where all samples last as long as each other, the length is in `tfhd`. */
function flipLength(moof: Buffer): Buffer {
  return flags(moof) & 0x100 ? plus('trun', firstRow(moof), 1 << 5)(moof) : plus('tfhd', 16, 1 << 5)(moof)
}

function lateKey(moof: Buffer): Buffer {
  return plus('trun', firstRow(moof) + columnsBefore(moof, 0x800), 90_000)(moof)
}

/** The flags of the first sample. */
function notSync(moof: Buffer): Buffer {
  const isFirst = (flags(moof) & 4) !== 0
  return plus('trun', isFirst ? FIRST_ROW : FIRST_ROW + columnsBefore(moof, 0x400), 0x10000)(moof)
}

function without(place: number): readonly Box[] {
  let [moofs, mdats] = [0, 0]
  return whole.filter(
    ({ type }) => !((type === 'moof' && moofs++ === place) || (type === 'mdat' && mdats++ === place)),
  )
}

function cutOff(): Box {
  const mdat = whole.filter(({ type }) => type === 'mdat').at(4)
  return { type: 'mdat', bytes: mdat?.bytes.subarray(0, 100) ?? Buffer.alloc(0) }
}

/** The count of samples says more than there are. */
function tornTable(moof: Buffer): Buffer {
  return plus('trun', 12, 1_000)(moof)
}

const named = (type: string) => (bytes: Buffer) => {
  bytes.write(type, 4, 'latin1')
  return bytes
}
