import { describe, expect, it } from 'vitest'
import { misfitOf, pieceFormatOf } from '../../../../functions/reception/piece-format.ts'

describe('pieceFormatOf', () => {
  it.each([
    { codecs: ['h264', 'aac'], choice: { kind: 'fits', format: 'mpegts' } },
    { codecs: ['hevc', 'opus'], choice: { kind: 'fits', format: 'mpegts' } },
    { codecs: ['mpeg2video', 'mp2'], choice: { kind: 'fits', format: 'mpegts' } },
    { codecs: ['eac3'], choice: { kind: 'fits', format: 'mpegts' } },
    { codecs: ['vp9', 'opus'], choice: { kind: 'fits', format: 'fmp4' } },
    { codecs: ['av1', 'aac'], choice: { kind: 'fits', format: 'fmp4' } },
    { codecs: ['h264', 'flac'], choice: { kind: 'fits', format: 'fmp4' } },
    { codecs: ['vp8', 'vorbis'], choice: { kind: 'unfit', codec: 'vp8' } },
    { codecs: ['vp9', 'vorbis'], choice: { kind: 'unfit', codec: 'vorbis' } },
    { codecs: ['vp9', 'mp2'], choice: { kind: 'unfit', codec: 'mp2' } },
    { codecs: ['pcm_s16le'], choice: { kind: 'unfit', codec: 'pcm_s16le' } },
  ])('of $codecs is $choice', ({ codecs, choice }) => {
    expect(pieceFormatOf(codecs)).toEqual(choice)
  })
})

describe('misfitOf', () => {
  it('says which format a codec needs instead', () => {
    expect(misfitOf('h264', 'mpegts')).toBeUndefined()
    expect(misfitOf('vp9', 'fmp4')).toBeUndefined()
    expect(misfitOf('av1', 'mpegts')).toEqual({ kind: 'fits', format: 'fmp4' })
    expect(misfitOf('mp2', 'fmp4')).toEqual({ kind: 'fits', format: 'mpegts' })
    expect(misfitOf('vp6f', 'mpegts')).toEqual({ kind: 'unfit', codec: 'vp6f' })
  })
})
