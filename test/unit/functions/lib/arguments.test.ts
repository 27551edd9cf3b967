import { describe, expect, it } from 'vitest'
import { copyChunksArguments, probeArguments } from '../../../../functions/lib/arguments.ts'

/** The value behind an option. */
const after = (list: readonly string[], option: string) => list[list.indexOf(option) + 1]

const copy = copyChunksArguments({
  inputPath: 'a b %d/source',
  streamIndexes: [3, 1],
  seconds: 2.5,
  muxer: 'mp4',
  outputPattern: 'chunk-%05d.mp4',
})

describe('argument lists', () => {
  it.each([
    ['ffprobe', probeArguments('source')],
    ['ffmpeg', copy],
  ])('guards every input of %s before it is named', (_tool, list) => {
    const beforeInput = list.slice(0, list.indexOf('-i'))
    for (const guard of ['-protocol_whitelist', '-format_whitelist', '-codec_whitelist', '-max_pixels']) {
      expect(beforeInput).toContain(guard)
    }
    expect(after(list, '-protocol_whitelist')).toBe('file')
    expect(after(list, '-format_whitelist')?.split(',')).not.toContain('hls')
    expect(after(list, '-max_alloc')).toBe('268435456')
    expect(after(list, '-max_streams')).toBe('64')
  })

  it('hands the input over as one argument behind a scheme, whatever is in its path', () => {
    expect(after(copy, '-i')).toBe('file:a b %d/source')
    expect(after(probeArguments('-vf'), '-i')).toBe('file:-vf')
  })

  it('splits no word and leaves none empty', () => {
    expect(copy.filter((word) => word === '' || (word.includes(' ') && !word.startsWith('file:')))).toEqual(
      [],
    )
  })

  it('copies the streams that were chosen, in that order', () => {
    const maps = copy.flatMap((word, index) => (word === '-map' ? [copy[index + 1]] : []))
    expect(maps).toEqual(['0:3', '0:1'])
    expect(after(copy, '-c')).toBe('copy')
  })

  it('ends the list with the pattern of the chunks', () => {
    expect(copy.at(-1)).toBe('chunk-%05d.mp4')
    expect(after(copy, '-segment_time')).toBe('2.5')
    expect(after(copy, '-segment_format')).toBe('mp4')
  })
})
