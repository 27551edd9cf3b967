import { describe, expect, it } from 'vitest'
import { leftOut } from '../../../../../functions/chunk/plan/left-out.ts'
import type { AudioStream, MediaInfo, VideoStream } from '../../../../../functions/media/media-info.ts'

const VIDEO: VideoStream = {
  index: 0,
  codec: 'h264',
  isDefault: true,
  rotation: 0,
  isHdr: false,
  height: 1080,
}

function leftOutOf(
  mode: 'copy' | 'exact',
  {
    stream = {},
    video = {},
    sound = {},
    chapters = 0,
  }: {
    readonly stream?: object
    readonly video?: Partial<VideoStream>
    readonly sound?: Partial<AudioStream>
    readonly chapters?: number
  },
) {
  const picture = { ...VIDEO, ...video }
  const audio = { index: 1, codec: 'aac', isDefault: true, channels: 2, sampleRate: 48_000, ...sound }
  const media: MediaInfo = {
    format: 'mov,mp4',
    isDurationEstimated: false,
    video: [picture],
    audio: [audio],
    subtitles: [],
    covers: [],
    data: [],
    chapters,
  }
  const plan = { kept: [picture, audio], video: picture }
  return leftOut({ mode, media, plan, document: { streams: [{ index: 0, ...stream }] } })
}

describe('leftOut', () => {
  it('says nothing where nothing is lost', () => {
    expect([...leftOutOf('copy', {}), ...leftOutOf('exact', {})]).toEqual([])
  })
  it('names chapters in both modes', () => {
    expect(leftOutOf('copy', { chapters: 3 })).toEqual(['the 3 chapters of the file are not in the chunks'])
    expect(leftOutOf('exact', { chapters: 1 })).toEqual(['the only chapter of the file is not in the chunks'])
  })
  it.each([
    ['transparency', { stream: { pix_fmt: 'yuva420p' } }, /opaque/],
    ['seven channels and one', { sound: { channels: 8, channelLayout: '7.1' } }, /8 channels \(7\.1\)/],
    ['six channels that are no 5.1', { sound: { channels: 6, channelLayout: 'hexagonal' } }, /6 channels/],
    ['a high sample rate', { sound: { sampleRate: 96_000 } }, /96000 samples/],
    ['fields of a turned picture', { stream: { field_order: 'tt' }, video: { rotation: 90 } }, /interlaced/],
    ['fields of 486 lines', { stream: { field_order: 'bb' }, video: { height: 486 } }, /interlaced/],
    [
      'Dolby Vision',
      { stream: { side_data_list: [{ side_data_type: 'DOVI configuration record' }] } },
      /Dolby Vision/,
    ],
    ['360°', { stream: { side_data_list: [{ side_data_type: 'Spherical Mapping' }] } }, /360°/],
    ['3D', { stream: { side_data_list: [{ side_data_type: 'Stereo 3D' }] } }, /3D/],
  ])('names %s, which exact does not keep and copy does', (_what, source, words) => {
    expect(leftOutOf('exact', source)).toEqual([expect.stringMatching(words)])
    expect(leftOutOf('copy', source)).toEqual([])
  })
  it('says nothing of what exact keeps: 5.1, fields of 1080 lines', () => {
    expect(leftOutOf('exact', { sound: { channels: 6, channelLayout: '5.1(side)' } })).toEqual([])
    expect(leftOutOf('exact', { stream: { field_order: 'tt' } })).toEqual([])
  })
})
