import { describe, expect, it } from 'vitest'
import type { ChunkPlan } from '../../../../../functions/media/container.ts'
import { DEFAULT_LIMITS } from '../../../../../functions/ffmpeg/sandbox/ulimits.ts'
import type { Inspection } from '../../../../../functions/media/inspect.ts'
import type { AudioStream, VideoStream } from '../../../../../functions/media/media-info.ts'
import { recipeOf } from '../../../../../functions/chunk/recipe/write.ts'
import type { Survey } from '../../../../../functions/media/packets/survey.ts'

const MIB = 1024 ** 2
const VIDEO: VideoStream = {
  index: 0,
  codec: 'h264',
  isDefault: true,
  rotation: 0,
  isHdr: false,
  width: 641,
  height: 361,
  framesPerSecond: 25,
  startSeconds: 3,
  durationSeconds: 60,
}
const AUDIO: AudioStream = { index: 1, codec: 'aac', isDefault: true, startSeconds: 3, durationSeconds: 60 }

function exact(video: Partial<VideoStream>, audio: Partial<AudioStream> = {}) {
  const picture = { ...VIDEO, ...video }
  return recipe('exact', {
    container: { muxer: 'mp4', extension: 'mp4', contentType: 'video/mp4' },
    kept: [picture, { ...AUDIO, ...audio }],
    subtitles: [],
    dropped: [],
    video: picture,
  })
}

const NEW = { hasFpsMode: true, version: '7.0.2-static' }

function recipe(
  mode: 'copy' | 'exact',
  plan: ChunkPlan,
  document: object = {},
  binaries = NEW,
  survey?: Survey,
) {
  const media = {
    format: 'mov,mp4',
    startSeconds: 3,
    isDurationEstimated: false,
    video: [],
    audio: [],
    subtitles: [],
    covers: [],
    data: [],
    chapters: 0,
  }
  const input = { address: 'file:source', isUrl: false }
  const inspection: Inspection = { input, media, document, isWebm: false, sizeBytes: 10 * MIB }
  const cutPlan = { cuts: { everySeconds: 6 }, seconds: 6, earlySeconds: 0.05 }
  return recipeOf({ mode, cutPlan, inspection, plan, survey, binaries, cores: 4 })
}

const filter = (list: readonly string[]) => list[list.indexOf('-vf') + 1]
const keyframes = (list: readonly string[]) => list[list.indexOf('-force_key_frames') + 1]

describe('recipeOf', () => {
  it('lets a copied chunk be little larger than the source', () => {
    const { container, kept } = {
      container: { muxer: 'mp3', extension: 'mp3', contentType: '' },
      kept: [AUDIO],
    }
    const copied = recipe('copy', { container, kept, subtitles: [], dropped: [] })
    expect(copied).toMatchObject({
      profile: 'copy',
      limits: { fileBytes: (2 * 10 + 64) * MIB },
      warnings: [],
    })
    expect(copied.arguments).toContain('chunk-%05d.mp3')
  })

  it('says of a copy what this FFmpeg cannot keep: a turn in Matroska, and pictures at uneven times', () => {
    const video = { ...VIDEO, rotation: 90 }
    const container = { muxer: 'matroska', extension: 'mkv', contentType: '' }
    const plan = { container, kept: [video], subtitles: [], dropped: [], video }
    const uneven = {
      codec_type: 'video',
      has_b_frames: 2,
      avg_frame_rate: '24/1',
      r_frame_rate: '30/1',
    }
    const of = (version: string, hasFpsMode: boolean, streams: readonly object[] = []) =>
      recipe('copy', plan, { streams }, { version, hasFpsMode }).warnings
    expect(of('7.0.2-static', true, [uneven])).toEqual([])
    expect(of('5.1.9-0+deb12u1', true, [uneven])).toEqual([expect.stringContaining('rotated by 90 degrees')])
    expect(of('N-47683-g0e8eb07980-static', false, [uneven])).toEqual([
      expect.stringContaining('rotated by 90 degrees'),
      expect.stringContaining('irregular times'),
    ])
    const mp4 = { ...plan, container: { ...container, muxer: 'mp4' } }
    expect(recipe('copy', mp4, {}, { version: '5.1', hasFpsMode: true }).warnings).toEqual([])
  })

  it('lets an encoded chunk be as large as its pictures are uncompressed, and FFmpeg use all cores', () => {
    const { limits, profile } = exact({})
    expect(profile).toBe('encode')
    expect(limits.fileBytes).toBe((2 * 10 + 64) * MIB + 640 * 360 * 1.5 * 25 * 6)
    expect(limits.memoryBytes).toBeGreaterThan(DEFAULT_LIMITS.memoryBytes)
    expect(limits.cpuSeconds).toBe(4 * DEFAULT_LIMITS.cpuSeconds)
  })

  it.each([
    { name: 'upright', video: {}, expected: 'scale=640:360' },
    { name: 'turned', video: { rotation: 270 }, expected: 'scale=360:640' },
    { name: 'tiny', video: { width: 1, height: 3 }, expected: 'scale=2:2' },
  ])('encodes a picture that is $name with $expected', ({ video, expected }) => {
    expect(filter(exact(video).arguments)).toBe(expected)
  })

  it('counts a late first picture as it comes', () => {
    expect(keyframes(exact({ startSeconds: 3.0213 }).arguments)).toContain('t+0.021800')
    expect(keyframes(exact({ startSeconds: 1 }).arguments)).toContain('t+0.000500')
  })

  it('leaves an even clip on the clock of an old FFmpeg, which counts a late first picture in whole frames', () => {
    const stream = { index: 0, avg_frame_rate: '25/1', r_frame_rate: '25/1', time_base: '1/12800' }
    const video = { ...VIDEO, startSeconds: 3.0213 }
    const plan: ChunkPlan = {
      container: { muxer: 'mp4', extension: 'mp4', contentType: 'video/mp4' },
      kept: [video],
      subtitles: [],
      dropped: [],
      video,
    }
    const document = { streams: [stream] }
    const old = { hasFpsMode: false, version: 'N-47683' }
    const even = recipe('exact', plan, document, old, { isEven: true })
    expect(keyframes(even.arguments)).toContain('t+0.040500')
    expect(even.arguments).not.toContain('-enc_time_base')
    for (const [{ arguments: list }, clock] of [
      [recipe('exact', plan, document, old, { isEven: false }), '1:999'],
      [recipe('exact', plan, document), '1:102400'],
    ] as const) {
      expect(keyframes(list)).toContain('t+0.021800')
      expect(list[list.indexOf('-enc_time_base') + 1]).toBe(clock)
    }
  })

  it.each([
    { name: 'the sound goes on', soundSeconds: 66, expected: true },
    { name: 'both end together', soundSeconds: 62, expected: false },
    { name: 'the file does not say', soundSeconds: NaN, expected: false },
  ])('lets packets wait for each other without end: $expected, when $name', ({ soundSeconds, expected }) => {
    const { arguments: list } = exact({}, { durationSeconds: soundSeconds })
    expect(list.includes('-max_interleave_delta')).toBe(expected)
  })

  it('warns when the sound ends long before the picture', () => {
    expect(exact({}, { durationSeconds: 49 }).warnings).toEqual([expect.stringContaining('sound ends long')])
    expect(exact({}, { durationSeconds: 51 }).warnings).toEqual([])
  })

  it('drops tags that are longer than any title, and says so', () => {
    const streams = [{ index: 1, tags: { title: 'x'.repeat(3_000) } }]
    const container = { muxer: 'mp3', extension: 'mp3', contentType: '' }
    const plan = { container, kept: [AUDIO], subtitles: [], dropped: [] }
    expect(recipe('copy', plan, { streams }).warnings).toEqual([expect.stringContaining('stream 1 has no')])
    expect(recipe('copy', plan, { streams }).arguments.join(' ')).not.toContain('-map_metadata:s')
    expect(recipe('copy', plan).arguments).toContain('-map_metadata:s:0')
  })

  it('warns of HDR, and gives up on a picture without a size', () => {
    expect(exact({ isHdr: true }).warnings).toEqual([expect.stringContaining('HDR')])
    const { width: _, ...sizeless } = VIDEO
    const plan = {
      container: { muxer: 'mp4', extension: 'mp4', contentType: '' },
      kept: [],
      subtitles: [],
      dropped: [],
    }
    expect(() => recipe('exact', { ...plan, video: sizeless })).toThrow('size of the picture is unknown')
  })
})
