import { describe, expect, it } from 'vitest'
import { joinArguments, partsOf } from '../../../../functions/reception/joined.ts'

const piece = (name: string) => ({
  key: `streams/cam/20261129T221841Z-ba02e7/${name}`,
  take: Number(name.slice(0, 3)),
  startSeconds: 0,
  seconds: 4,
  bytes: 1_000,
})
const pieces = (...names: readonly string[]) => names.map(piece)
const shown = (...names: readonly string[]) =>
  partsOf(pieces(...names), 'mp4').map((part) => [part.fileName, part.isMpegts, part.pieces.length])

describe('partsOf', () => {
  it('makes one file of all takes in MPEG-TS', () => {
    expect(shown('001-000000.ts', '001-000001.ts', '002-000000.ts')).toEqual([['session.mp4', true, 3]])
  })
  it('makes a file of each take where one is in fragmented MP4', () => {
    expect(shown('001-000000.mp4', '001-000001.mp4')).toEqual([['session.mp4', false, 2]])
    expect(shown('001-000000.mp4', '002-000000.mp4', '003-000000.ts')).toEqual([
      ['session-001.mp4', false, 1],
      ['session-002.mp4', false, 1],
      ['session-003.mp4', true, 1],
    ])
  })
  it('makes nothing of nothing', () => {
    expect(partsOf([], 'ts')).toEqual([])
  })
})

describe('joinArguments', () => {
  it('read the pipe alone, with the demuxer of the pieces, and keep packets that only look torn', () => {
    const [part] = partsOf(pieces('001-000000.ts'), 'ts')
    const words = part ? joinArguments(part) : []
    const text = words.join(' ')
    expect(text).toContain('-protocol_whitelist pipe ')
    expect(text).toContain('-format_whitelist mpegts -f mpegts ')
    expect(text).not.toContain('discardcorrupt')
    expect(text).toMatch(/-i pipe:0 .*-c copy .*-f mpegts session\.ts$/)
  })
})
