import { describe, expect, it } from 'vitest'
import { everySeconds } from '../../../../../functions/hls/cut/cuts.ts'
import { createSegmenter, type Segment } from '../../../../../functions/hls/cut/segmenter.ts'
import { box, fullBox, words } from '../../../../../functions/hls/tables/box.ts'
import { fragmentsOf, objectionTo } from '../../../../../functions/hls/tables/fragments.ts'
import { initOf } from '../../../../../functions/hls/tables/init.ts'
import { samplesOf } from '../../../../../functions/hls/tables/samples.ts'
import type { TableTrack } from '../../../../../functions/hls/tables/track.ts'
import { boxes } from '../../../../../functions/media/bytes/mp4-boxes.ts'

const TICKS_PER_SECOND = 1_000

interface Tables {
  /** Rows of the table, in columns. */
  readonly stts: readonly number[]
  readonly ctts?: readonly number[]
  readonly stsz: readonly number[]
  readonly stsc: readonly number[]
  readonly stco: readonly number[]
  readonly stss?: readonly number[]
}

/** Four pictures of half a second, two chunks of two, a keyframe a second. */
const FOUR: Tables = {
  stts: [1, 4, 500],
  ctts: [1, 4, 500],
  stsz: [0, 4, 30, 20, 31, 21],
  stsc: [1, 1, 2, 1],
  stco: [2, 100, 300],
  stss: [2, 1, 3],
}

function trackOf(tables: Tables, packets = 4): TableTrack {
  const written = Object.entries(tables).map(([type, rows]) =>
    fullBox(type, {}, words(...(rows as number[]))),
  )
  const avcC = box('avcC', Buffer.from([1, 0x64, 0, 0x1e]))
  const sampleEntry = { type: 'avc1', content: Buffer.concat([Buffer.alloc(78), avcC]) }
  return {
    kind: 'video',
    ticksPerSecond: TICKS_PER_SECOND,
    packets,
    beginTicks: 500,
    hasEdit: true,
    sampleEntry,
    shownSize: words(128 << 16, 72 << 16),
    samples: () => samplesOf(boxes(Buffer.concat(written))),
  }
}

const objection = (change: Partial<Tables>, sizeBytes = 1_000) =>
  objectionTo(trackOf({ ...FOUR, ...change }), sizeBytes)

describe('a track whose tables are plain', () => {
  it('has no objection, and is cut at its keyframes', () => {
    const fragments = [...fragmentsOf(trackOf(FOUR))]
    expect(objection({})).toBeUndefined()
    expect(fragments.map(({ ranges }) => ranges)).toEqual([
      [{ start: 100, end: 150 }],
      [{ start: 300, end: 352 }],
    ])
    expect(fragments.map(({ shownSeconds }) => shownSeconds)).toEqual([0, 1])
  })

  it('is taken by the segmenter, which reads the same numbers from the boxes', () => {
    const track = trackOf(FOUR)
    const segments: Segment[] = []
    const segmenter = createSegmenter({
      isCut: everySeconds(1),
      splinterSeconds: 0.25,
      onInit: () => {},
      onBytes: () => {},
      onSegment: (segment) => segments.push(segment),
    })
    segmenter.push(initOf(track) ?? Buffer.alloc(0))
    for (const { head, ranges } of fragmentsOf(track)) {
      segmenter.push(head)
      for (const { start, end } of ranges) segmenter.push(Buffer.alloc(end - start))
    }
    expect(segmenter.end()).toMatchObject({ samples: 4, startSeconds: 0, endSeconds: 2, shiftTicks: 0 })
    expect(segments.map(({ startSeconds, seconds }) => [startSeconds, seconds])).toEqual([
      [0, 1],
      [1, 1],
    ])
  })

  it('has chunks behind 4 GiB', () => {
    const { stco: _, ...others } = FOUR
    const tables = { ...others, co64: [2, 0, 100, 2, 300] } as unknown as Tables
    expect(objectionTo(trackOf(tables), 2 ** 34)).toBeUndefined()
    expect([...fragmentsOf(trackOf(tables))].at(-1)?.ranges).toEqual([
      { start: 2 ** 33 + 300, end: 2 ** 33 + 352 },
    ])
  })

  it('has one size for all samples', () => {
    expect(objection({ stsz: [10, 4] })).toBeUndefined()
  })
})

describe('a track is left to FFmpeg', () => {
  it.each([
    [
      'whose chunks go back in the file',
      { stco: [2, 300, 100] },
      'its samples are not in the order of the file',
    ],
    [
      'whose chunks lie over one another',
      { stco: [2, 100, 149] },
      'its samples are not in the order of the file',
    ],
    [
      'with a sample that lasts no time',
      { stts: [2, 3, 500, 1, 0] },
      'a sample lasts no time, or has no bytes',
    ],
    ['with an empty sample', { stsz: [0, 4, 30, 0, 31, 21] }, 'a sample lasts no time, or has no bytes'],
    ['that begins without a keyframe', { stss: [1, 3] }, 'it begins without a keyframe'],
    ['with fewer lengths than samples', { stts: [1, 3, 500] }, 'its tables contradict one another'],
    ['with more lengths than samples', { stts: [1, 5, 500] }, 'its tables contradict one another'],
    ['with fewer delays than samples', { ctts: [1, 3, 500] }, 'its tables contradict one another'],
    ['with fewer chunks than samples need', { stco: [1, 100] }, 'its tables contradict one another'],
    ['with more chunks than samples', { stco: [3, 100, 300, 500] }, 'its tables contradict one another'],
    ['with a chunk of nothing', { stsc: [2, 1, 2, 1, 2, 0, 1] }, 'its tables contradict one another'],
    ['with another description', { stsc: [1, 1, 2, 2] }, 'its tables contradict one another'],
    ['with a keyframe that is no sample', { stss: [3, 1, 3, 9] }, 'its tables contradict one another'],
    ['with a torn table of sizes', { stsz: [0, 4, 30, 20] }, 'its tables contradict one another'],
  ])('%s', (_, change, message) => {
    expect(objection(change)).toBe(message)
  })

  it('whose samples end behind the file', () => {
    expect(objection({}, 351)).toBe('its samples end behind the file')
    expect(objection({}, 352)).toBeUndefined()
  })

  it('with a group of pictures that no box can hold', () => {
    const bytes = 0x7fff_ffff
    const sizes = { stsz: [bytes, 4], stco: [1, 0], stsc: [1, 1, 4, 1], stss: [1, 1] }
    expect(objection(sizes, 2 ** 40)).toBe('a group of pictures has more than 4 GiB')
  })

  it('with more samples in one fragment than are gathered in memory', () => {
    const count = 100_001
    const track = (stts: readonly number[]): TableTrack => {
      const {
        ctts: _,
        stss: __,
        ...tables
      } = { ...FOUR, stsz: [1, count], stsc: [1, 1, count, 1], stco: [1, 0] }
      return { ...trackOf({ ...tables, stts }, count), kind: 'audio' }
    }
    const tooMany = 'a group of pictures, or a second of sound, has too many samples'
    expect(objectionTo({ ...track([1, count, 1]), ticksPerSecond: 1_000_000 }, count)).toBe(tooMany)
    expect(objectionTo(track([1, count, 1]), count)).toBeUndefined()
  })

  it('whose times do not fit into 32 bits', () => {
    const message = 'a sample is shown too long after it is decoded, or before'
    expect(objection({ ctts: [2, 1, 500, 3, -0x8000_0000] })).toBe(message)
    expect(objectionTo({ ...trackOf(FOUR), beginTicks: 2 ** 32 }, 1_000)).toBe(message)
  })
})
