import { describe, expect, it } from 'vitest'
import { copyChunksArguments, probeArguments } from '../../../../functions/ffmpeg/arguments.ts'
import { exactChunksArguments, type ExactChunksOptions } from '../../../../functions/chunk/recipe/exact.ts'
import { mediaInput } from '../../../../functions/ffmpeg/media-input.ts'

/** The value behind an option. */
const after = (list: readonly string[], option: string) => list[list.indexOf(option) + 1]

const onDisk = mediaInput('/tmp/a b %d/source', '/tmp')
const byUrl = mediaInput('http://127.0.0.1:40123/0a1b', '/tmp')
const options: ExactChunksOptions & { earlySeconds: number } = {
  input: onDisk,
  streams: [
    { index: 3, kind: 'v' },
    { index: 1, kind: 'a', hasTags: false },
    { index: 7, kind: 's', encoder: 'mov_text' },
  ],
  cuts: { everySeconds: 2.5 },
  earlySeconds: 0.05,
  seconds: 2.5,
  muxer: 'mp4',
  outputPattern: 'chunk-%05d.mp4',
  picture: { width: 320, height: 180, startSeconds: 0 },
  sounds: [{ channels: 2, bitRate: 128_000 }],
  hasFpsMode: false,
}
const copy = copyChunksArguments(options)
const exact = exactChunksArguments(options)

describe('argument lists', () => {
  it.each([
    ['ffprobe', probeArguments(onDisk), 'file'],
    ['ffprobe on a URL', probeArguments(byUrl), 'http,tcp'],
    ['copying', copy, 'file'],
    ['copying from a URL', copyChunksArguments({ ...options, input: byUrl }), 'http,tcp'],
    ['encoding', exact, 'file'],
    ['encoding from a URL', exactChunksArguments({ ...options, input: byUrl }), 'http,tcp'],
  ])('guards the input of %s before it is named, and allows one transport', (_tool, list, protocols) => {
    const beforeInput = list.slice(0, list.indexOf('-i'))
    for (const guard of ['-protocol_whitelist', '-format_whitelist', '-codec_whitelist', '-max_pixels']) {
      expect(beforeInput).toContain(guard)
    }
    expect(after(list, '-protocol_whitelist')).toBe(protocols)
    expect(beforeInput.includes('-reconnect')).toBe(protocols !== 'file')
    expect(after(list, '-format_whitelist')?.split(',')).not.toContain('hls')
    expect(after(list, '-max_alloc')).toBe('268435456')
    expect(after(list, '-max_streams')).toBe('64')
  })

  it('hands the input over as one argument behind a scheme, whatever is in its path', () => {
    expect(after(copy, '-i')).toBe('file:a b %d/source')
    expect(after(probeArguments(mediaInput('/tmp/-vf', '/tmp')), '-i')).toBe('file:-vf')
    expect(after(probeArguments(byUrl), '-i')).toBe('http://127.0.0.1:40123/0a1b')
  })

  it('takes nothing but our own proxy for a URL', () => {
    expect(mediaInput('http://example.com/a', '/tmp').address).toMatch(/^file:/)
  })

  it.each([copy, exact])('splits no word and leaves none empty', (...list) => {
    const odd = list.filter((word) => word === '' || (word.includes(' ') && !word.startsWith('file:')))
    expect(odd).toEqual([])
  })

  it.each([
    ['copying', copy],
    ['encoding', exact],
  ])('takes the streams that were chosen, in that order, when %s', (_mode, list) => {
    const maps = list.flatMap((word, index) => (word === '-map' ? [list[index + 1]] : []))
    expect(maps).toEqual(['0:3', '0:1', '0:7'])
    expect(after(list, '-c:s:0')).toBe('mov_text')
  })

  it.each([
    ['copying', copy],
    ['encoding', exact],
  ])('ends the list with the pattern of the chunks when %s', (_mode, list) => {
    expect(list.at(-1)).toBe('chunk-%05d.mp4')
    expect(after(list, '-segment_time')).toBe('2.5')
    expect(after(list, '-segment_format')).toBe('mp4')
  })

  it('takes language and title of a stream along only where that is wanted', () => {
    expect(after(copy, '-map_metadata:s:0')).toBe('0:s:3')
    expect(copy).not.toContain('-map_metadata:s:1')
  })

  it('cuts at the times that are given, and nowhere when there are none', () => {
    const at = (atSeconds: readonly number[]) => copyChunksArguments({ ...options, cuts: { atSeconds } })
    expect(after(at([1.5, 4]), '-segment_times')).toBe('1.500000,4.000000')
    expect(at([])).not.toContain('-segment_times')
    expect(Number(after(at([]), '-segment_time'))).toBeGreaterThan(1_000_000)
  })

  it('ends at the first flaw, unless the good part shall be kept: then of a torn packet nothing is', () => {
    expect(copy).toContain('-xerror')
    const keeping = copyChunksArguments({ ...options, keepsGoodPart: true })
    expect(keeping).not.toContain('-xerror')
    expect(after(keeping, '-fflags')).toBe('+genpts+discardcorrupt')
  })
})

describe('exactChunksArguments', () => {
  const keyframes = (differences: Partial<ExactChunksOptions>) =>
    after(exactChunksArguments({ ...options, ...differences }), '-force_key_frames')

  it('has a keyframe where a piece begins', () => {
    expect(keyframes({})).toBe(
      'expr:if(isnan(prev_forced_t),1,gt(floor((t+0.000500)/2.500000),floor((prev_forced_t+0.000500)/2.500000)))',
    )
  })
  it('counts from the beginning of the file, also when the first picture comes later', () => {
    expect(keyframes({ picture: { width: 2, height: 2, startSeconds: 1.5 } })).toContain('t+1.500500')
  })
  it('has keyframes inside long pieces too, at most ten seconds apart', () => {
    expect(keyframes({ seconds: 10 })).toContain('/10.000000')
    expect(keyframes({ seconds: 25 })).toContain('/8.333333')
  })
  it('disables frame duplication with the option this FFmpeg understands', () => {
    expect(after(exact, '-vsync')).toBe('vfr')
    const newer = exactChunksArguments({ ...options, hasFpsMode: true })
    expect(after(newer, '-fps_mode')).toBe('vfr')
    expect(newer).not.toContain('-vsync')
  })
  it('limits the picture bit rate only when asked to', () => {
    expect(exact).not.toContain('-maxrate')
    const bounded = exactChunksArguments({ ...options, pictureBitRate: 123_456.7 })
    expect([after(bounded, '-maxrate'), after(bounded, '-bufsize')]).toEqual(['123456', '123456'])
  })
  it('says nothing of pictures when there are none', () => {
    const { picture: _, ...soundOnly } = options
    const list = exactChunksArguments(soundOnly)
    expect(list).not.toContain('-c:v')
    expect(after(list, '-c:a')).toBe('aac')
  })
})
