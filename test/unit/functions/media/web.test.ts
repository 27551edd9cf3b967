import { describe, expect, it } from 'vitest'
import { isFaststart } from '../../../../functions/media/bytes/faststart.ts'
import type { DeclaredTrack } from '../../../../functions/media/bytes/mp4-source.ts'
import type { AudioStream, MediaInfo, VideoStream } from '../../../../functions/media/media-info.ts'
import {
  mainSound,
  objectionsOf,
  tornEnds,
  webFlaws,
  webSound,
  type WebFacts,
} from '../../../../functions/media/web.ts'

const video = (more: Partial<VideoStream> = {}): VideoStream => ({
  index: 0,
  codec: 'h264',
  isDefault: true,
  rotation: 0,
  isHdr: false,
  pixelFormat: 'yuv420p',
  durationSeconds: 60,
  ...more,
})
const sound = (more: Partial<AudioStream> = {}): AudioStream => ({
  index: 1,
  codec: 'aac',
  isDefault: false,
  durationSeconds: 60,
  ...more,
})
const media = (more: Partial<MediaInfo> = {}): MediaInfo => ({
  format: 'matroska,webm',
  startSeconds: 0,
  durationSeconds: 60,
  isDurationEstimated: false,
  video: [video()],
  audio: [sound()],
  subtitles: [],
  covers: [],
  data: [],
  chapters: 0,
  ...more,
})
const track = (kind: 'video' | 'audio', mediaSeconds: number, packets = 9): DeclaredTrack => ({
  trackId: 1,
  kind,
  packets,
  mediaSeconds,
  edits: 1,
  hiddenBefore: 0,
  hiddenAfter: 0,
})

describe('a picture', () => {
  const of = (
    more: Partial<VideoStream>,
    rest: { isInterlaced?: boolean; height?: number; hiddenBefore?: number } = {},
  ) =>
    objectionsOf(
      {
        stream: video(more),
        width: 1_920,
        height: rest.height ?? 1_080,
        isInterlaced: rest.isInterlaced ?? false,
      },
      { maxHeight: 1_080, hiddenBefore: rest.hiddenBefore ?? 0 },
    )

  it('is copied when every browser plays it', () => {
    expect(of({})).toEqual([])
    // Portrait: the short side counts.
    expect(of({}, { height: 3_000 })).toEqual(['it is larger than maxHeight=1080'])
  })

  it('is re-encoded for each reason, which is named', () => {
    expect(of({ codec: 'hevc' })).toEqual(['its codec is hevc, which not every browser plays'])
    expect(
      of({ pixelFormat: 'yuv444p', isHdr: true, rotation: 90 }, { isInterlaced: true, hiddenBefore: 2 }),
    ).toEqual([
      'its pixels are yuv444p, and browsers play yuv420p',
      'it is HDR',
      'it is interlaced',
      'it is turned by 90 degrees, which some players ignore',
      'its first pictures are hidden by an edit list',
    ])
  })
})

describe('a sound', () => {
  it('is the default one, and copied when it is plain AAC', () => {
    expect(mainSound(media({ audio: [sound(), sound({ index: 2, isDefault: true })] }))?.index).toBe(2)
    expect(mainSound(media({ audio: [sound({ isAccepted: false }), sound({ index: 3 })] }))?.index).toBe(3)
    expect(webSound(sound(), 128_000).isCopied).toBe(true)
    expect(webSound(sound({ profile: 'Main' }), 128_000).isCopied).toBe(false)
    expect(webSound(sound({ codec: 'ac3', channels: 6 }), 128_000).words.join(' ')).toContain(
      '-b:a 128000 -ac 2',
    )
  })
})

describe('a file that was made', () => {
  const flaws = (more: Partial<WebFacts>) => {
    const facts: WebFacts = {
      media: media(),
      video: video(),
      sound: sound(),
      tracks: [track('video', 60), track('audio', 60)],
      isFaststart: true,
      ...more,
    }
    return [...tornEnds(facts), ...webFlaws(facts)]
  }

  it('is whole with both tracks to their ends and its tables in front', () => {
    expect(flaws({})).toEqual([])
    expect(flaws({ isFaststart: false })).toEqual(['its tables are at its end'])
    expect(flaws({ tracks: [track('video', 60)] })).toEqual(['it has no audio'])
    expect(flaws({ tracks: [track('video', 58), track('audio', 60, 0)] })).toEqual([
      expect.stringContaining('its video ends at 58.000 s, and the source declares 60.000 s'),
      'it has no audio',
    ])
  })

  it('may have a track that begins late: its length is counted from there', () => {
    const late = sound({ startSeconds: 20 })
    expect(flaws({ sound: late, tracks: [track('video', 60), track('audio', 40)] })).toEqual([])
    expect(flaws({ sound: late, tracks: [track('video', 60), track('audio', 38)] })).toHaveLength(1)
    // Ends before the film: FFmpeg's Matroska declares its end, and not its length.
    const short = sound({ startSeconds: 10, durationSeconds: 20 })
    expect(flaws({ sound: short, tracks: [track('video', 60), track('audio', 10)] })).toEqual([])
  })

  it('may lack the length of a last picture, where it was encoded and nothing was damaged', () => {
    const tracks = [track('video', 55), track('audio', 60)]
    expect(flaws({ tracks, isEndUnknown: true })).toEqual([])
    expect(flaws({ tracks, isEndUnknown: false })).toHaveLength(1)
    expect(flaws({ tracks: [track('video', 60), track('audio', 55)], isEndUnknown: true })).toHaveLength(1)
  })
})

it.each([
  [['ftyp', 'moov', 'mdat'], true],
  [['ftyp', 'free', 'mdat', 'moov'], false],
  [['ftyp'], false],
])('boxes %j can be played at once: %s', async (types, expected) => {
  const file = Buffer.concat(
    types.map((type) => {
      const box = Buffer.alloc(24)
      box.writeUInt32BE(24)
      box.write(type, 4, 'latin1')
      return box
    }),
  )
  const read = (start: number, count: number) => Promise.resolve(file.subarray(start, start + count))
  expect(await isFaststart(read, file.length)).toBe(expected)
})
