import { describe, expect, it } from 'vitest'
import { planAudio, type AudioFormat } from '../../../../functions/sound/formats.ts'
import { mustBeComplete } from '../../../../functions/sound/complete.ts'
import { soundOf } from '../../../../functions/sound/track.ts'
import { timelineWords } from '../../../../functions/sound/timeline.ts'
import { parseBitRate } from '../../../../functions/media/bit-rate.ts'
import type { AudioStream, MediaInfo } from '../../../../functions/media/media-info.ts'

const sound = (more: Partial<AudioStream> = {}): AudioStream => ({
  index: 1,
  codec: 'aac',
  isDefault: true,
  channels: 2,
  sampleRate: 48_000,
  ...more,
})
const media = (more: Partial<MediaInfo>): MediaInfo => ({
  format: 'matroska,webm',
  isDurationEstimated: false,
  video: [],
  audio: [],
  subtitles: [],
  covers: [],
  data: [],
  chapters: 0,
  ...more,
})
const SURROUND = sound({ channels: 6, channelLayout: '5.1(side)' })

describe('a plan', () => {
  it.each<[AudioFormat, AudioStream, string]>([
    ['m4a', sound({ sampleRate: 192_000 }), 'sample_rates=48000:channel_layouts=stereo'],
    ['m4a', sound({ channels: 1, sampleRate: 8_000 }), 'sample_rates=48000:channel_layouts=mono'],
    ['m4a', SURROUND, 'sample_rates=48000:channel_layouts=5.1'],
    ['mp3', SURROUND, 'sample_rates=48000:channel_layouts=stereo'],
    ['opus', sound({ sampleRate: 44_100 }), 'sample_rates=48000:channel_layouts=stereo'],
    ['flac', sound({ channels: 8, sampleRate: 192_000 }), 'sample_rates=192000'],
    ['wav', sound({ channels: 1, sampleRate: 8_000 }), 'sample_rates=8000:channel_layouts=mono'],
    ['wav', sound({ channels: 64 }), 'sample_rates=48000:channel_layouts=stereo'],
  ])('of %s for %j has %s', (format, of, form) => {
    expect(planAudio(of, format, 160_000).filter.split('aformat=')[1]).toBe(form)
  })

  it('keeps 24 bits of a lossless source in FLAC only', () => {
    expect(planAudio(sound({ codec: 'pcm_s24le' }), 'flac', 0).lastFilter).toContain('s16|s32')
    expect(planAudio(sound({ codec: 'pcm_s24le' }), 'wav', 0).lastFilter).toBe('aformat=sample_fmts=s16')
    expect(planAudio(sound(), 'flac', 0).lastFilter).toBe('aformat=sample_fmts=s16')
  })

  it('asks libopus for no more than it gives to one channel', () => {
    expect(planAudio(sound({ channels: 1 }), 'opus', 320_000).words).toContain('256000')
    expect(planAudio(sound(), 'opus', 320_000).words).toContain('320000')
  })

  it('says which channels are mixed, and what keeps them', () => {
    expect(planAudio(SURROUND, 'mp3', 160_000).warnings).toEqual([
      'the sound has 6 channels and was mixed to stereo; format=flac keeps them',
    ])
    expect(planAudio(sound({ channels: 64 }), 'flac', 0).warnings).toEqual([
      'the sound has 64 channels and was mixed to stereo',
    ])
    expect(planAudio(SURROUND, 'm4a', 160_000).words).toContain('448000')
  })
})

describe('a track', () => {
  it('counts the sounds of a file', () => {
    expect(soundOf(media({ audio: [sound(), sound({ index: 4 })] }), 1).index).toBe(4)
  })

  it.each<[Partial<MediaInfo>, number, string]>([
    [{}, 0, 'the file has no sound'],
    [{ audio: [sound()] }, 1, 'track 1: the file has one sound, which is track 0'],
    [{ audio: [sound(), sound()] }, 2, 'track 2: the file has 2 sounds, track 0 to 1'],
    [
      { audio: [sound({ codec: 'ra_288', isAccepted: false })] },
      0,
      'track 0: its codec (ra_288) is not accepted here',
    ],
  ])('of %j: %i is refused', (more, track, message) => {
    expect(() => soundOf(media(more), track)).toThrow(message)
  })

  it('that begins later than another stream keeps that wait', () => {
    const late = sound({ startSeconds: 4.5 })
    const picture = { index: 0, codec: 'h264', isDefault: true, rotation: 0, isHdr: false, startSeconds: 1.5 }
    expect(timelineWords(media({ startSeconds: 1.5, video: [picture], audio: [late] }), late)).toEqual(
      '-map 0:0 -c copy -f null -'.split(' '),
    )
    expect(timelineWords(media({ startSeconds: 4.5, audio: [late] }), late)).toEqual([])
  })
})

describe('a sound', () => {
  const said = { lastLines: [] }
  const of = (durationSeconds: number, more: Partial<MediaInfo> = {}) => {
    const one = sound({ durationSeconds })
    return {
      media: media({ audio: [one], durationSeconds, ...more }),
      sound: one,
      isTruncatedFine: false,
    }
  }

  it.each([
    [10, 9.8],
    [100, 99.1],
    [1_000, 991],
  ])('declared to end at %d s may end at %d s', (declared, heard) => {
    expect(mustBeComplete(of(declared), heard, said)).toEqual([])
  })

  it.each([
    [10, 9.7],
    [100, 98.9],
    [1_000, 989],
  ])('declared to end at %d s may not end at %d s', (declared, heard) => {
    expect(() => mustBeComplete(of(declared), heard, said)).toThrow(
      /truncated or damaged.*; onTruncated=keep saves/,
    )
  })

  it('that ends early is kept where that was asked for, and the warning says where it ends', () => {
    expect(mustBeComplete({ ...of(100), isTruncatedFine: true }, 50, said)).toEqual([
      'the file is truncated or damaged: its sound should end at 100.000 s, and ends at 50.000 s',
    ])
  })

  it('whose length is a guess is as long as it is, and what could not be decoded is said', () => {
    const warnings = mustBeComplete(of(100, { isDurationEstimated: true }), 50, {
      lastLines: ['[mp3float] Header missing'],
    })
    expect(warnings).toEqual([expect.stringContaining('could not decode all')])
  })
})

it.each([
  ['160k', 160_000],
  ['1.5M', 1_500_000],
  ['96000', 96_000],
  ['k', undefined],
  ['-5k', undefined],
  ['160K', undefined],
])('the bit rate %j is %j', (text, bits) => {
  expect(parseBitRate(text)).toBe(bits)
})
