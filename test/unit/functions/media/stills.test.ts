import { describe, expect, it } from 'vitest'
import type { VideoStream } from '../../../../functions/media/media-info.ts'
import { stillsOf } from '../../../../functions/media/picture-facts.ts'

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
