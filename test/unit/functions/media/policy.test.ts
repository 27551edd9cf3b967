import { describe, expect, it } from 'vitest'
import { MAX_MEDIA_SECONDS } from '../../../../functions/ffmpeg/allowed.ts'
import { demuxerNamed } from '../../../../functions/ffmpeg/demuxer.ts'
import type { MediaInfo, VideoStream } from '../../../../functions/media/media-info.ts'
import { isUnexplained, refusalOfMedia } from '../../../../functions/media/policy.ts'

const picture = (more: Partial<VideoStream> = {}): VideoStream => ({
  index: 0,
  codec: 'h264',
  isDefault: true,
  rotation: 0,
  isHdr: false,
  ...more,
})
const media = (more: Partial<MediaInfo> = {}): MediaInfo => ({
  format: 'mov,mp4,m4a,3gp,3g2,mj2',
  isDurationEstimated: false,
  video: [picture()],
  audio: [],
  subtitles: [],
  covers: [],
  data: [],
  chapters: 0,
  ...more,
})

describe('refusalOfMedia', () => {
  it.each([
    ['a picture of 8192 x 4608', media({ video: [picture({ width: 8_192, height: 4_608 })] })],
    ['a cover of any size', media({ covers: [picture({ width: 20_000, height: 20_000 })] })],
    ['64 streams', media({ audio: Array.from({ length: 63 }, () => picture()) })],
    ['100 hours', media({ durationSeconds: MAX_MEDIA_SECONDS })],
    ['a length that is only a guess', media({ durationSeconds: 1e9, isDurationEstimated: true })],
    ['no length', media()],
  ])('accepts %s', (_name, of) => {
    expect(refusalOfMedia(of)).toBeUndefined()
  })

  it.each([
    ['hls', media({ format: 'hls' }), /its format \(hls\)/],
    [
      'a larger picture',
      media({ video: [picture(), picture({ width: 8_193, height: 4_608 })] }),
      /8193 x 4608/,
    ],
    [
      '65 streams',
      media({ data: Array.from({ length: 64 }, () => picture()) }),
      /65 streams, and at most 64/,
    ],
    ['101 hours', media({ durationSeconds: MAX_MEDIA_SECONDS + 3_600 }), /101 hours, and at most 100 hours/],
  ])('refuses %s', (_name, of, reason) => {
    expect(refusalOfMedia(of)).toMatch(reason)
  })
})

describe('isUnexplained', () => {
  const MIB = 1024 ** 2
  it('leaves room for what containers add, and no more', () => {
    expect(isUnexplained({ bytes: 66 * MIB, chunks: 1, sourceBytes: MIB })).toBe(false)
    expect(isUnexplained({ bytes: 67 * MIB, chunks: 1, sourceBytes: MIB })).toBe(true)
    expect(isUnexplained({ bytes: 67 * MIB, chunks: 100, sourceBytes: MIB })).toBe(false)
  })
})

describe('demuxerNamed', () => {
  it('is the first allowed one of those that share a name', () => {
    expect(demuxerNamed('mov,mp4,m4a,3gp,3g2,mj2')).toBe('mov')
    expect(demuxerNamed('matroska,webm')).toBe('matroska')
    for (const format of ['hls', 'concat', 'dash', 'sdp', 'image2', 'lavfi', 'tty', 'mpegvideo', '']) {
      expect(demuxerNamed(format)).toBeUndefined()
    }
  })
})
