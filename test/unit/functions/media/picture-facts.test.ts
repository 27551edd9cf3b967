import { describe, expect, it } from 'vitest'
import { hidesPictures, pictureFacts, stillsOf } from '../../../../functions/media/picture-facts.ts'
import type { VideoStream } from '../../../../functions/media/media-info.ts'

const factsOf = (stream: object) => pictureFacts({ streams: [{ index: 3, ...stream }] }, 3)

describe('pictureFacts', () => {
  it.each([
    ['1/25', '1:90000', '1:975'],
    ['1/600', '1:90000', '1:600'],
    ['1/12800', '1:102400', '1:999'],
    ['1001/24000', '1:96000', '1:999'],
    ['1/1000000', '1:1000000', '1:999'],
    ['1/2147483647', '1:90000', '1:999'],
  ])(
    'has a clock on which all times of a clock of %s are whole, %s, and a coarse one, %s',
    (time_base, clock, coarseClock) => {
      expect(factsOf({ time_base })).toMatchObject({ clock, coarseClock })
    },
  )
  it.each(['0/0', '1/0', '', 'N/A'])('has no clock of its own for %j', (time_base) => {
    expect(factsOf({ time_base })).not.toHaveProperty('clock')
  })
  it('names colours by numbers, and leaves out what is unknown or RGB', () => {
    const hlg = { color_primaries: 'bt2020', color_transfer: 'arib-std-b67', color_space: 'bt2020nc' }
    expect(factsOf(hlg).colours).toBe('-color_primaries 9 -color_trc 18 -colorspace 9')
    expect(factsOf({ color_primaries: 'unknown', color_space: 'gbr' }).colours.trim()).toBe('')
  })
  it('has an even rate only where the average is the real one', () => {
    expect(factsOf({ avg_frame_rate: '25/1', r_frame_rate: '25/1' }).evenRate).toBe('25/1')
    expect(factsOf({ avg_frame_rate: '30000/1157', r_frame_rate: '600/1' })).not.toHaveProperty('evenRate')
    expect(factsOf({ avg_frame_rate: '0/0', r_frame_rate: '25/1' })).not.toHaveProperty('evenRate')
  })
  it('sees transparency in the kind of pixels and in the tag of WebM', () => {
    expect(factsOf({ pix_fmt: 'yuv420p' }).hasAlpha).toBe(false)
    expect(factsOf({ pix_fmt: 'yuva444p12le' }).hasAlpha).toBe(true)
    expect(factsOf({ pix_fmt: 'gbrap' }).hasAlpha).toBe(true)
    expect(factsOf({ pix_fmt: 'yuv420p', tags: { ALPHA_MODE: '1' } }).hasAlpha).toBe(true)
  })
  it.each([
    ['tt', true],
    ['bt', true],
    ['progressive', false],
    ['unknown', false],
  ])('takes a picture of field order %s for interlaced: %s', (field_order, isInterlaced) => {
    expect(factsOf({ field_order }).isInterlaced).toBe(isInterlaced)
  })
})

const VIDEO: VideoStream = { index: 0, codec: 'h264', isDefault: true, rotation: 0, isHdr: false }
const isStill = (raw: object, video: Partial<VideoStream> = {}) =>
  stillsOf({ streams: [{ index: 0, ...raw }] }, [{ ...VIDEO, ...video }]).length === 1

describe('stillsOf', () => {
  it.each([
    ['by the number of its frames', { nb_frames: '1', avg_frame_rate: '25/1' }],
    ['by the tag of a muxer', { tags: { 'NUMBER_OF_FRAMES-eng': '1' } }],
    ['by its length in a tag', { tags: { DURATION: '00:00:00.040000000' } }],
    ['by its disposition', { disposition: { still_image: 1 } }],
    ['by a rate that nobody can tell', { avg_frame_rate: '0/0' }],
  ])('knows a single picture %s', (_how, raw) => {
    const isTimed = 'tags' in raw || 'nb_frames' in raw
    expect(isStill(raw, isTimed ? { durationSeconds: 60, framesPerSecond: 25 } : {})).toBe(true)
  })
  it.each([
    ['of 58 pictures', { nb_frames: '58' }],
    ['of one second at a rate of 25', { avg_frame_rate: '25/1' }],
    ['whose length is not known', { avg_frame_rate: '25/1', disposition: { still_image: 0 } }],
  ])('does not take a film for a still: %s', (_what, raw) => {
    expect(isStill(raw, { durationSeconds: 1, framesPerSecond: 25 })).toBe(false)
    expect(isStill(raw)).toBe(false)
  })
})

const uneven = { codec_type: 'video', has_b_frames: 2, avg_frame_rate: '115/8', r_frame_rate: '25/1' }
const hides = (stream: object, hasFpsMode = false) =>
  hidesPictures({ document: { streams: [stream] } }, { hasFpsMode })

it('does not trust MP4 of an old FFmpeg for B-frames at irregular times', () => {
  expect(hides(uneven)).toBe(true)
})

it.each([
  ['a newer FFmpeg', uneven, true],
  ['even times', { ...uneven, avg_frame_rate: '2499/100' }, false],
  ['no B-frames', { ...uneven, has_b_frames: 0 }, false],
  ['sound', { ...uneven, codec_type: 'audio' }, false],
  ['a rate that is not known', { ...uneven, avg_frame_rate: '0/0' }, false],
])('trusts it with %s', (_name, stream, hasFpsMode) => {
  expect(hides(stream, hasFpsMode)).toBe(false)
})
