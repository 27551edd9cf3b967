import { expect, it } from 'vitest'
import { hidesPictures } from '../../../../functions/media/hidden-pictures.ts'

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
