import { describe, expect, it } from 'vitest'
import type { MediaInfo, MediaStream } from '../../../../../functions/media/media-info.ts'
import {
  checkTotals,
  chunkTimes,
  leanOf,
  lengthWarning,
  parseSegment,
  shortStreams,
} from '../../../../../functions/chunk/pieces/segments.ts'
import { declaredSeconds } from '../../../../../functions/media/declared-length.ts'

const segment = (startSeconds: number, endSeconds: number) => ({
  fileName: 'chunk-00000.mp4',
  startSeconds,
  endSeconds,
})

describe('parseSegment', () => {
  it('reads a line of the list', () => {
    expect(parseSegment('chunk-00012.mp4,48.048000,52.052000')).toEqual({
      fileName: 'chunk-00012.mp4',
      startSeconds: 48.048,
      endSeconds: 52.052,
    })
  })
  it('reads times before zero and more than 99,999 chunks', () => {
    expect(parseSegment('chunk-100000.mkv,-0.023000,1.000000\r')?.startSeconds).toBe(-0.023)
  })
  it.each(['', 'progress=end', 'chunk-00000.mp4,nan,1.0', '../chunk-00000.mp4,0,1', 'chunk-00000.mp4,0'])(
    'does not take %j for one',
    (line) => expect(parseSegment(line)).toBeUndefined(),
  )
})

describe('chunkTimes', () => {
  const at = { index: 3, requestedSeconds: 6 }
  it('lasts until the next one starts, not until its own last picture', () => {
    expect(chunkTimes(segment(6.006, 11.9), { ...at, endSeconds: 12.012 })).toEqual({
      index: 3,
      startSeconds: 6.006,
      requestedSeconds: 6,
      durationSeconds: 6.006,
    })
  })
  it('never lasts less than nothing', () => {
    expect(chunkTimes(segment(5, 5), { ...at, endSeconds: 4 }).durationSeconds).toBe(0)
  })
})

describe('checkTotals', () => {
  const base = { mediaSeconds: undefined, declaredSeconds: undefined, isEstimated: false }
  it.each([
    { name: 'no chunk', of: { last: undefined }, reason: /no chunk came out/ },
    {
      name: 'less than declared',
      of: { last: segment(4, 8), declaredSeconds: 13 },
      reason: /13\.0 s, but 8\.0 s .* truncated/,
    },
    {
      name: 'more than declared',
      of: { last: segment(4, 800), declaredSeconds: 13 },
      reason: /time stamps are wrong/,
    },
    { name: 'no time at all', of: { last: segment(0, 0) }, reason: /no duration/ },
  ])('is not whole: $name', ({ of, reason }) => {
    expect(checkTotals({ ...base, ...of })).toMatchObject({
      isWhole: false,
      reason: expect.stringMatching(reason),
    })
  })
  it.each([
    { name: 'within a second', of: { last: segment(4, 12.2), declaredSeconds: 13 }, endSeconds: 13 },
    { name: 'within one percent', of: { last: segment(4, 995), declaredSeconds: 1_000 }, endSeconds: 1_000 },
    {
      name: 'sound that outlasts the pictures',
      of: { last: segment(4, 10), mediaSeconds: 29.9, declaredSeconds: 30 },
      endSeconds: 30,
    },
    { name: 'nothing declared', of: { last: segment(4, 10), mediaSeconds: 10.5 }, endSeconds: 10.5 },
    {
      name: 'a little more than declared',
      of: { last: segment(4, 13.4), declaredSeconds: 13 },
      endSeconds: 13.4,
    },
    {
      name: 'a stream that begins late, which its file does not count',
      of: { last: segment(4, 14.2), declaredSeconds: 13, latestSeconds: 14.2 },
      endSeconds: 14.2,
    },
    {
      name: 'a stream that is longer than an old tag of it says, as the file is',
      of: { last: segment(4, 14.2), declaredSeconds: 5, latestSeconds: 5, wholeSeconds: 14.3 },
      endSeconds: 14.3,
    },
    {
      name: 'a good guess',
      of: { last: segment(4, 13.4), declaredSeconds: 13, isEstimated: true },
      endSeconds: 13.4,
    },
  ])('is whole: $name', ({ of, endSeconds }) => {
    expect(checkTotals({ ...base, ...of })).toEqual({ isWhole: true, endSeconds })
  })
  it('only warns when the length was a guess', () => {
    expect(checkTotals({ ...base, last: segment(4, 26), declaredSeconds: 13, isEstimated: true })).toEqual({
      isWhole: true,
      endSeconds: 26,
      warning: expect.stringContaining('no exact length'),
    })
  })
})

describe('declaredSeconds', () => {
  const stream = (startSeconds: number | undefined, durationSeconds: number | undefined): MediaStream => ({
    index: 0,
    codec: 'h264',
    isDefault: true,
    ...(startSeconds !== undefined && { startSeconds }),
    ...(durationSeconds !== undefined && { durationSeconds }),
  })
  const media: MediaInfo = {
    format: 'mov',
    startSeconds: 1,
    durationSeconds: 20,
    isDurationEstimated: false,
    video: [],
    audio: [],
    subtitles: [],
    covers: [],
    data: [],
    chapters: 0,
  }
  it.each([
    { name: 'the end of the longest kept stream', kept: [stream(1, 10), stream(3, 11)], expected: 13 },
    {
      name: 'the whole when a kept stream says nothing',
      kept: [stream(1, 10), stream(1, undefined)],
      expected: 20,
    },
    { name: 'the whole when a stream claims more', kept: [stream(1, 99)], expected: 20 },
    { name: 'the whole when nothing is kept', kept: [], expected: 20 },
    { name: 'a stream without a start', kept: [stream(undefined, 10)], expected: 9 },
  ])('is $name', ({ kept, expected }) => expect(declaredSeconds(media, kept)).toBe(expected))
  it('is not known where a subtitle may be what lasts for so long', () => {
    const subtitled = { ...media, subtitles: [stream(1, 19)] }
    expect(declaredSeconds(subtitled, [stream(1, undefined)])).toBeUndefined()
    expect(declaredSeconds(subtitled, [stream(1, 10)])).toBe(10)
    const font = { ...media, data: [{ ...stream(1, 19), codec: 'ttf' }] }
    expect(declaredSeconds(font, [stream(1, undefined)])).toBe(20)
  })
  it('is the streams’ when the file says nothing', () => {
    const { durationSeconds: _, ...silent } = media
    expect(declaredSeconds(silent, [stream(1, 10)])).toBe(10)
    expect(declaredSeconds(silent, [stream(1, undefined)])).toBeUndefined()
  })
})

describe('leanOf', () => {
  it.each([
    { format: 'avi', next: 4.08, fps: 25, expected: 0.08 },
    { format: 'avi', next: 4.04, fps: 25, expected: undefined },
    { format: 'avi', next: 9, fps: undefined, expected: undefined },
    { format: 'mov,mp4', next: 9, fps: 25, expected: undefined },
  ])(
    'is $expected in $format at $fps fps when a chunk is listed until 4 s and the next from $next s',
    (of) => {
      const media = { format: of.format } as MediaInfo
      const seconds = leanOf(segment(0, 4), segment(of.next, 8), media, of.fps)
      expect(seconds === undefined ? seconds : Number(seconds.toFixed(6))).toBe(of.expected)
    },
  )
})

describe('shortStreams', () => {
  const stream = (index: number, durationSeconds?: number) => ({
    index,
    codec: 'aac',
    isDefault: true,
    ...(durationSeconds !== undefined && { durationSeconds }),
  })
  const of = (streams: ReturnType<typeof stream>[], ends: readonly number[]) =>
    shortStreams(
      { startSeconds: 0, subtitles: [], data: [] } as Partial<MediaInfo> as MediaInfo,
      streams,
      ends,
    )

  it('names a stream that ends long before its time, with both times', () => {
    expect(of([stream(0, 60), stream(1, 60)], [60, 30])).toEqual([
      'stream 1 (aac) ends at 30.0 s, and the file declares that it lasts until 60.0 s',
    ])
  })
  it('names a stream that lacks less than a second of a short file', () => {
    expect(of([stream(0, 3), stream(1, 3)], [2.28, 3])).toEqual([
      'stream 0 (aac) ends at 2.3 s, and the file declares that it lasts until 3.0 s',
    ])
  })
  it('says nothing of half a second, of more than was declared, and of what declares or tells nothing', () => {
    expect(of([stream(0, 60), stream(1, 60), stream(2)], [59.5, 90, 1])).toEqual([])
    expect(of([stream(0, 60)], [])).toEqual([])
  })
})

describe('lengthWarning', () => {
  it('speaks up beyond twice the length, not at it', () => {
    expect(lengthWarning(12, 6, 'copy')).toBeUndefined()
    expect(lengthWarning(12.1, 6, 'copy')).toContain('12.1 s, more than twice the 6.0 s')
    expect(lengthWarning(12.1, 6, 'exact')).toContain('none comes for that long')
  })
})
