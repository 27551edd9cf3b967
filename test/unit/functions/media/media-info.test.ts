import { describe, expect, it } from 'vitest'
import { ffprobeSchema, toMediaInfo } from '../../../../functions/media/media-info.ts'

const format = { format_name: 'mov,mp4,m4a,3gp,3g2,mj2' }
const read = (document: object, warnings: readonly string[] = []) =>
  toMediaInfo(ffprobeSchema.parse({ format, ...document }), warnings)
const videoOf = (stream: object) => read({ streams: [{ index: 0, codec_type: 'video', ...stream }] }).video[0]

describe('toMediaInfo', () => {
  it('leaves out what ffprobe does not know', () => {
    expect(
      read({
        streams: [
          { index: 0, codec_type: 'video' },
          { index: 1, codec_type: 'audio' },
        ],
      }),
    ).toEqual({
      format: format.format_name,
      isDurationEstimated: false,
      video: [{ index: 0, codec: 'unknown', isDefault: false, rotation: 0, isHdr: false }],
      audio: [{ index: 1, codec: 'unknown', isDefault: false }],
      subtitles: [],
      covers: [],
      data: [],
      chapters: 0,
    })
  })

  it.each(['N/A', '', '0.000000', '-3', 'NaN', null, {}])('does not accept %j as a duration', (duration) => {
    expect(read({ format: { ...format, duration } })).not.toHaveProperty('durationSeconds')
  })

  it('reads numbers that come as text', () => {
    const info = read({
      format: { ...format, duration: '13.013000', start_time: '-0.023', bit_rate: '800000' },
    })
    expect(info).toMatchObject({ durationSeconds: 13.013, startSeconds: -0.023, bitRate: 800_000 })
  })

  it('sorts streams by kind: a cover picture is not a video', () => {
    const info = read({
      streams: [
        { index: 0, codec_type: 'audio', codec_name: 'mp3', sample_rate: '44100', channels: 2 },
        { index: 1, codec_type: 'video', codec_name: 'png', disposition: { attached_pic: 1 } },
        { index: 2, codec_type: 'subtitle', codec_name: 'mov_text', tags: { language: 'eng' } },
        { index: 3, codec_type: 'data' },
        { index: 4 },
        { index: 5, codec_type: 'attachment', codec_name: 'ttf' },
      ],
    })
    expect(info.video).toEqual([])
    expect(info.audio[0]).toMatchObject({ sampleRate: 44_100, channels: 2 })
    expect(info.covers.map(({ index }) => index)).toEqual([1])
    expect(info.subtitles[0]).toMatchObject({ language: 'eng' })
    expect(info.data.map(({ index }) => index)).toEqual([3, 4, 5])
  })

  it.each([
    { rotation: -90, expected: 90 },
    { rotation: 90, expected: 270 },
    { rotation: 180, expected: 180 },
    { rotation: -180, expected: 180 },
    { rotation: 0, expected: 0 },
    { rotation: 89.6, expected: 270 },
    { rotation: 45, expected: 0 },
    { rotation: -2_147_483_648, expected: 0 },
    { rotation: '-9223372036854775808', expected: 0 },
  ])('turns $rotation counter-clockwise into $expected clockwise', ({ rotation, expected }) => {
    const sideData = [{ side_data_type: 'other' }, { side_data_type: 'Display Matrix', rotation }]
    expect(videoOf({ side_data_list: sideData })?.rotation).toBe(expected)
  })

  it.each([
    { name: 'the average', avg: '30000/1001', r: '60/1', expected: 30_000 / 1_001 },
    { name: 'the base rate when the average is unknown', avg: '0/0', r: '25/1', expected: 25 },
    { name: 'the base rate when the average is a clock', avg: '1000/1', r: '60/1', expected: 60 },
    { name: 'nothing when both are clocks', avg: '90000/1', r: '90000/1', expected: undefined },
  ])('takes $name for the rate of pictures', ({ avg, r, expected }) => {
    expect(videoOf({ avg_frame_rate: avg, r_frame_rate: r })?.framesPerSecond).toBe(expected)
  })

  it('knows HDR by its transfer', () => {
    expect(videoOf({ color_transfer: 'smpte2084' })?.isHdr).toBe(true)
    expect(videoOf({ color_transfer: 'bt709' })?.isHdr).toBe(false)
  })

  it('reads the length of a Matroska track from its tag', () => {
    expect(videoOf({ tags: { DURATION: '01:00:13.036000000' } })?.durationSeconds).toBeCloseTo(3_613.036)
    expect(videoOf({ tags: { DURATION: 'long' } })).not.toHaveProperty('durationSeconds')
    const [mkvmerge, ffmpeg] = ['00:00:05.000000000', '00:00:08.000000000']
    expect(videoOf({ tags: { 'DURATION-eng': mkvmerge } })?.durationSeconds).toBe(5)
    expect(videoOf({ tags: { 'DURATION-eng': mkvmerge, DURATION: ffmpeg } })?.durationSeconds).toBe(8)
  })

  it('treats a length of all ones as unknown, for a stream and for the file', () => {
    const seconds = '143165.576500'
    expect(videoOf({ duration: seconds, duration_ts: 4_294_967_295 })).not.toHaveProperty('durationSeconds')
    const streams = [{ index: 0, codec_type: 'video', duration: seconds, duration_ts: 4_294_967_295 }]
    const format = { format_name: 'mov,mp4', duration: '143165.643233' }
    expect(read({ streams, format })).not.toHaveProperty('durationSeconds')
    expect(read({ format: { ...format, duration: '4294967.295000' } })).not.toHaveProperty('durationSeconds')
    expect(read({ format }).durationSeconds).toBeCloseTo(143_165.643)
  })

  it('passes on a language only when it looks like one', () => {
    expect(videoOf({ tags: { language: 'de-AT' } })?.language).toBe('de-AT')
    expect(videoOf({ tags: { language: '\u001b[31m' } })).not.toHaveProperty('language')
  })

  it('says when a duration is a guess', () => {
    expect(
      read({}, ['[aac] Estimating duration from bitrate, this may be inaccurate']).isDurationEstimated,
    ).toBe(true)
    expect(read({ format: { format_name: 'mpegts' } }).isDurationEstimated).toBe(true)
  })

  it('refuses a document without a format', () => {
    expect(() => ffprobeSchema.parse({ streams: [] })).toThrow('format')
  })
})
