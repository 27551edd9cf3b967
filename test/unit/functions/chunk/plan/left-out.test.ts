import { describe, expect, it } from 'vitest'
import { leftOut, unreadableAmr, whyNothing } from '../../../../../functions/chunk/plan/left-out.ts'
import {
  type AudioStream,
  type MediaInfo,
  type VideoStream,
  ffprobeSchema,
  toMediaInfo,
} from '../../../../../functions/media/media-info.ts'
import { planChunks } from '../../../../../functions/media/container.ts'
import { parseDump } from '../../../../../functions/media/dump.ts'

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

const sound = (codec: string, durationSeconds: number) => ({
  index: 2,
  codec,
  isDefault: true,
  durationSeconds,
})
const of400 = { streams: [{ index: 2, nb_frames: '40' }] }
const unreadable = (mode: 'copy' | 'exact', version: string, codec = 'amr_nb', seconds = 8) =>
  [...unreadableAmr(of400, [sound(codec, seconds)], { mode, version })].flat()

describe('unreadableAmr', () => {
  it('leaves out AMR with ten frames in each sample where nothing can take it apart, and says what can', () => {
    expect(unreadable('copy', '7.0.2-static')).toEqual([
      2,
      expect.stringMatching(/without decoding it: mode "exact" can/),
    ])
    expect(unreadable('exact', '5.1.9-0+deb12u1')).toEqual([2, expect.stringMatching(/FFmpeg 7/)])
    expect(unreadable('copy', '5.1.9')).toEqual([2, expect.stringMatching(/FFmpeg 7 with mode "exact"/)])
  })
  it('decodes it with builds that can', () => {
    expect([...unreadable('exact', '7.0.2-static'), ...unreadable('exact', 'N-47683-g0e8eb07980')]).toEqual(
      [],
    )
  })
  it('keeps AMR with one frame in each sample, and other sound', () => {
    expect([...unreadable('copy', '5.1', 'amr_wb', 0.8), ...unreadable('copy', '5.1', 'aac')]).toEqual([])
  })
})

function why(streams: 'all' | 'audio', ...lines: readonly string[]): string | undefined {
  const text = lines.map((line, index) => `  Stream #0:${index}: ${line}`)
  const media = toMediaInfo(ffprobeSchema.parse(parseDump(['Input #0, avi, from x', ...text])), [], true)
  return whyNothing(media, planChunks(media, { mode: 'copy', streams, isWebm: false }), streams)
}
const H264 = 'Video: h264, yuv420p, 64x64'
const RARE = 'Video: magicyuv, gbrp, 64x64'
const UNKNOWN = 'Video: none, none, 64x64'
const AAC = 'Audio: aac, 48000 Hz, mono'

describe('whyNothing', () => {
  it.each([
    { streams: ['all', RARE], says: 'its video codec (magicyuv) is not accepted here' },
    {
      streams: ['all', UNKNOWN],
      says: 'its video has a codec that this FFmpeg does not know: re-encode it with another codec',
    },
    {
      streams: ['all', RARE, AAC],
      says: 'its video codec (magicyuv) is not accepted here; streams=audio cuts the sound alone',
    },
    {
      streams: ['all', 'Audio: nellymoser, 8000 Hz, mono'],
      says: 'its audio codec (nellymoser) is not accepted here',
    },
    { streams: ['audio', H264], says: 'the file has no audio' },
    {
      streams: ['audio', H264, 'Audio: truehd, 48000 Hz, mono'],
      says: 'its audio codec (truehd) is not accepted here',
    },
    { streams: ['all', 'Subtitle: subrip'], says: 'the file has neither video nor audio' },
    { streams: ['all', H264, RARE, 'Audio: truehd, 48000 Hz, mono'], says: undefined },
    { streams: ['all', UNKNOWN, AAC], says: undefined },
    { streams: ['audio', RARE, AAC], says: undefined },
  ] as const)('says of $streams: $says', ({ streams: [wanted, ...lines], says }) => {
    expect(why(wanted, ...lines)).toBe(says)
  })
})
