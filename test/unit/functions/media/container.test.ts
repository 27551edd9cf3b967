import { describe, expect, it } from 'vitest'
import { planChunks } from '../../../../functions/media/container.ts'
import type {
  AudioStream,
  MediaInfo,
  MediaStream,
  VideoStream,
} from '../../../../functions/media/media-info.ts'

const video = (index: number, codec: string, width = 320, height = 180): VideoStream => ({
  index,
  codec,
  width,
  height,
  isDefault: true,
  rotation: 0,
  isHdr: false,
  framesPerSecond: 25,
})
const audio = (index: number, codec: string): AudioStream => ({ index, codec, isDefault: true })
const other = (index: number, codec: string, language?: string): MediaStream => ({
  index,
  codec,
  isDefault: false,
  ...(language !== undefined && { language }),
})
const MP4 = 'mov,mp4,m4a,3gp,3g2,mj2'
const MKV = 'matroska,webm'
const COPY = { mode: 'copy', isWebm: false } as const

function media(format: string, streams: Partial<MediaInfo>): MediaInfo {
  const none = { video: [], audio: [], subtitles: [], covers: [], data: [] }
  return { format, isDurationEstimated: false, chapters: 0, ...none, ...streams }
}

describe('planChunks', () => {
  it('does not take a single picture for the film, however large, unless there is nothing else', () => {
    const [still, film] = [video(0, 'h264', 1920, 1080), video(1, 'h264')]
    const plan = planChunks(media(MP4, { video: [still, film] }), { ...COPY, stills: [0] })
    expect(plan?.video).toBe(film)
    expect(plan?.dropped).toEqual([
      expect.objectContaining({ index: 0, why: 'a single picture, not a film' }),
    ])
    expect(planChunks(media(MP4, { video: [still] }), { ...COPY, stills: [0] })?.video).toBe(still)
  })

  it('leaves out sound that cannot be read, and says why', () => {
    const unreadable = new Map([[1, 'its AMR is odd']])
    const plan = planChunks(media(MP4, { video: [video(0, 'h263')], audio: [audio(1, 'amr_nb')] }), {
      ...COPY,
      unreadable,
    })
    expect(plan?.kept.map(({ index }) => index)).toEqual([0])
    expect(plan?.dropped).toEqual([{ index: 1, codec: 'amr_nb', why: 'its AMR is odd' }])
    expect(planChunks(media(MP4, { audio: [audio(1, 'amr_nb')] }), { ...COPY, unreadable })).toBeUndefined()
  })

  it.each([
    { from: `${MP4} with h264 and aac`, format: MP4, v: 'h264', a: ['aac'], expected: 'mp4' },
    { from: 'mpegts with h264 and aac', format: 'mpegts', v: 'h264', a: ['aac'], expected: 'mp4' },
    { from: 'flv with h264 and mp3', format: 'flv', v: 'h264', a: ['mp3'], expected: 'mp4' },
    { from: 'mp4 with hevc and no sound', format: MP4, v: 'hevc', a: [], expected: 'mp4' },
    { from: 'mov with prores and pcm', format: MP4, v: 'prores', a: ['pcm_s16le'], expected: 'mov' },
    { from: 'mov with h264 and pcm', format: MP4, v: 'h264', a: ['pcm_s16le'], expected: 'mov' },
    { from: '3gp with h263 and amr', format: MP4, v: 'h263', a: ['amr_nb'], expected: 'mov' },
    {
      from: 'mp4 with opus, which old builds call experimental',
      format: MP4,
      v: 'h264',
      a: ['opus'],
      expected: 'mkv',
    },
    { from: 'matroska with h264 and aac', format: MKV, v: 'h264', a: ['aac'], expected: 'mkv' },
    { from: 'webm with vp9 and opus', format: MKV, isWebm: true, v: 'vp9', a: ['opus'], expected: 'webm' },
    { from: 'webm that lies about h264', format: MKV, isWebm: true, v: 'h264', a: ['opus'], expected: 'mkv' },
    { from: 'avi with mpeg4 and mp3', format: 'avi', v: 'mpeg4', a: ['mp3'], expected: 'mkv' },
    { from: 'mpegts with mpeg2video', format: 'mpegts', v: 'mpeg2video', a: ['mp2'], expected: 'mkv' },
    { from: 'mp3', format: 'mp3', a: ['mp3'], expected: 'mp3' },
    { from: 'm4a', format: MP4, a: ['aac'], expected: 'm4a' },
    { from: 'alac', format: MP4, a: ['alac'], expected: 'm4a' },
    { from: 'mov with h264 and alac', format: MP4, v: 'h264', a: ['alac'], expected: 'mov' },
    { from: 'aac', format: 'aac', a: ['aac'], expected: 'm4a' },
    { from: 'two languages of aac', format: MP4, a: ['aac', 'aac'], expected: 'm4a' },
    { from: 'ogg', format: 'ogg', a: ['vorbis'], expected: 'webm' },
    { from: 'wav', format: 'wav', a: ['pcm_f32le'], expected: 'wav' },
    { from: 'aiff', format: 'aiff', a: ['pcm_s16be'], expected: 'mka' },
    { from: 'flac', format: 'flac', a: ['flac'], expected: 'mka' },
    { from: 'webm with sound alone', format: MKV, isWebm: true, a: ['opus'], expected: 'webm' },
    { from: 'two languages of opus', format: 'ogg', a: ['opus', 'opus'], expected: 'mka' },
  ])('makes $expected of $from', ({ format, isWebm = false, v, a, expected }) => {
    const streams = {
      video: v === undefined ? [] : [video(0, v)],
      audio: a.map((codec, index) => audio(index + 1, codec)),
    }
    expect(planChunks(media(format, streams), { mode: 'copy', isWebm })?.container.extension).toBe(expected)
  })

  it.each([
    { from: 'webm with vp9', v: 'vp9', expected: 'mp4' },
    { from: 'sound alone', v: undefined, expected: 'm4a' },
  ])('makes $expected of $from when it is re-encoded', ({ v, expected }) => {
    const streams = { video: v === undefined ? [] : [video(0, v)], audio: [audio(1, 'opus')] }
    const plan = planChunks(media(MKV, streams), { mode: 'exact', isWebm: true })
    expect(plan?.container.extension).toBe(expected)
  })

  it('keeps the largest picture track and every sound track, and says why it drops the rest', () => {
    const plan = planChunks(
      media(MP4, {
        video: [video(0, 'h264', 320, 180), video(3, 'h264', 480, 270)],
        audio: [audio(1, 'aac'), audio(4, 'aac')],
        subtitles: [other(2, 'mov_text', 'eng')],
        covers: [other(5, 'mjpeg')],
        data: [other(6, 'bin_data')],
      }),
      COPY,
    )
    expect(plan?.kept.map(({ index }) => index)).toEqual([3, 1, 4])
    expect(plan?.video?.index).toBe(3)
    expect(plan?.dropped.map(({ index }) => index)).toEqual([0, 5, 6])
    expect(plan?.subtitles).toEqual([{ stream: other(2, 'mov_text', 'eng'), encoder: 'copy' }])
  })

  it.each([
    { codec: 'subrip', format: MP4, encoder: 'mov_text' },
    { codec: 'subrip', format: MKV, encoder: 'copy' },
    { codec: 'ass', format: MKV, encoder: 'copy' },
    { codec: 'mov_text', format: MKV, encoder: 'srt' },
    { codec: 'hdmv_pgs_subtitle', format: MKV, encoder: 'copy' },
    { codec: 'hdmv_pgs_subtitle', format: MP4, why: /pictures do not fit into mp4/ },
    { codec: 'eia_608', format: MP4, why: /of this kind/ },
    { codec: 'subrip', format: MP4, streams: 'audio' as const, why: /sound only/ },
  ])('has a place for $codec in $format, or says why not', ({ codec, format, encoder, why, streams }) => {
    const subtitles = [other(2, codec, 'ger')]
    const of = { video: [video(0, 'h264')], audio: [audio(1, 'aac')], subtitles }
    const plan = planChunks(media(format, of), { ...COPY, ...(streams && { streams }) })
    expect(plan?.subtitles.map((each) => each.encoder)).toEqual(encoder === undefined ? [] : [encoder])
    expect(plan?.dropped.find(({ index }) => index === 2)?.why ?? '').toMatch(why ?? /^$/)
  })

  it('takes Matroska where the MP4 of this FFmpeg would hide pictures, and only for copies', () => {
    const of = media(MP4, { video: [video(0, 'h264')], audio: [audio(1, 'aac')] })
    const extension = (mode: 'copy' | 'exact', isMp4Unsafe: boolean) =>
      planChunks(of, { mode, isWebm: false, isMp4Unsafe })?.container.extension
    expect([extension('copy', true), extension('copy', false), extension('exact', true)]).toEqual([
      'mkv',
      'mp4',
      'mp4',
    ])
  })

  it('leaves the picture out when only the sound is wanted, and says so', () => {
    const of = { video: [video(0, 'h264')], audio: [audio(1, 'aac'), audio(2, 'aac')] }
    const plan = planChunks(media(MP4, of), { ...COPY, streams: 'audio' })
    expect(plan?.container.extension).toBe('m4a')
    expect(plan?.kept.map(({ index }) => index)).toEqual([1, 2])
    expect(plan?.dropped).toEqual([{ index: 0, codec: 'h264', why: 'only the sound was asked for' }])
    expect(planChunks(media(MP4, { video: of.video }), { ...COPY, streams: 'audio' })).toBeUndefined()
  })

  it('cuts only the sound when the picture has a codec without a name', () => {
    const streams = { video: [video(0, 'unknown')], audio: [audio(1, 'aac')] }
    const plan = planChunks(media(MP4, streams), COPY)
    expect(plan?.container.extension).toBe('m4a')
    expect(plan?.dropped).toEqual([{ index: 0, codec: 'unknown', why: expect.stringContaining('unknown') }])
  })

  it('has no plan for a file without picture and sound', () => {
    expect(planChunks(media(MKV, { subtitles: [other(0, 'subrip')] }), COPY)).toBeUndefined()
  })
})
