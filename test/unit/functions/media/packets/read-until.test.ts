import { describe, expect, it } from 'vitest'
import { parsePacket } from '../../../../../functions/media/packets/packets.ts'
import { createEndFinder, endedAtBreak } from '../../../../../functions/media/packets/read-until.ts'

describe('how far a truncated file can be read', () => {
  const read = (lines: readonly string[], declaredSeconds?: number) => {
    const ends = createEndFinder({ streams: [0, 1], startSeconds: 1, declaredSeconds })
    for (const packet of lines.map(parsePacket)) if (packet) ends.add(packet)
    return ends.seconds()
  }

  it('is where the last packet of a kept stream ends, counted from the beginning of the file', () => {
    const lines = ['0,5.0,4.9,0.04,9,K__', '0,4.9,4.92,0.04,9,__', '1,5.6,5.6,0.1,9,K__', '2,8,8,1,9,K__']
    expect(read(lines, 8)).toBeCloseTo(4.7, 6)
  })

  it('is also told by packets whose length or presentation time is unknown', () => {
    expect(read(['0,N/A,5.5,N/A,9,K__', '0,N/A,N/A,N/A,9,__', '', 'no packet'])).toBe(4.5)
  })

  it('is not known where nothing was read, or times go beyond the length that is declared', () => {
    expect(read([])).toBeUndefined()
    expect(read(['0,900,900,0.04,9,K__'], 8)).toBeUndefined()
  })

  it('is asked only if FFmpeg ended with an error at an incomplete packet', () => {
    const said = ['[mov,mp4] corrupt input packet in stream 0']
    expect(endedAtBreak({ tool: 'ffmpeg', exitCode: 1, lastLines: said })).toBe(true)
    expect(endedAtBreak({ tool: 'ffmpeg', exitCode: 0, lastLines: said })).toBe(false)
    expect(endedAtBreak({ tool: 'ffmpeg', signal: 'SIGKILL', lastLines: said })).toBe(false)
    expect(endedAtBreak({ tool: 'ffmpeg', exitCode: 1, lastLines: ['No space left on device'] })).toBe(false)
  })
})
