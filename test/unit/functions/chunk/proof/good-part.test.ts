import { describe, expect, it } from 'vitest'
import { type Packet, parsePacket } from '../../../../../functions/media/packets/packets.ts'
import {
  clockReason,
  createClockWatcher,
  createEndFinder,
  endedAtBreak,
  steppedBack,
} from '../../../../../functions/chunk/proof/good-part.ts'

describe('the clock of a file', () => {
  function watched(lines: readonly string[], startSeconds = 0) {
    const watcher = createClockWatcher([0, 1], startSeconds)
    const told = lines.map((line) => watcher.add(parsePacket(line) as Packet))
    return { told, found: watcher.found() }
  }

  it('continues, even with B-frames, packets at one time, unknown times and streams that are not kept', () => {
    const { told, found } = watched([
      '0,0.08,0.00,0.04,9,K__',
      '1,0.00,0.00,0.02,9,K__',
      '0,0.16,0.04,0.04,9,__',
      '0,0.12,0.08,0.04,9,__',
      '1,0.02,0.02,0.02,9,K__',
      '1,0.02,0.02,0.02,9,K__',
      '0,N/A,N/A,0.04,9,__',
      '2,9.00,9.00,0.04,9,K__',
      '2,0.00,0.00,0.04,9,K__',
      '1,-0.03,-0.03,0.02,9,K__',
    ])
    expect(told).not.toContain(true)
    expect(found).toBeUndefined()
  })

  it('continues where the first packets of Matroska with B-frames have no time of decoding', () => {
    const { found } = watched([
      '0,0.000,N/A,0.04,9,K__',
      '0,0.160,N/A,0.04,9,___',
      '0,0.040,N/A,0.04,9,___',
      '0,0.120,0.120,0.04,9,___',
    ])
    expect(found).toBeUndefined()
  })

  it('goes back where a stream does, and up to there is what every stream has', () => {
    const lines = ['0,1,1,1,9,K__', '1,1,1,1,9,K__', '0,4,4,1,9,K__', '1,3.5,3.5,1,9,K__', '0,1,1,1,9,K__']
    expect(watched(lines)).toEqual({
      told: [false, false, false, false, true],
      found: { atSeconds: 3.5 },
    })
    expect(watched(lines, 1).found).toEqual({ atSeconds: 2.5 })
    expect(clockReason({ atSeconds: 3.5 })).toMatch(/^the file's clock goes back after 3\.5 s/)
  })

  it('is reported by FFmpeg as it writes, if it is more than rounding', () => {
    const steps = [
      { place: 0, previous: 8_000, current: 7_999 },
      { place: 1, previous: 383_676, current: 372_760 },
    ]
    expect(steppedBack(steps, [1_000, 48_000])?.atSeconds).toBeCloseTo(7.99)
    expect(steppedBack(steps.slice(0, 1), [1_000])).toBeUndefined()
    expect(steppedBack(steps, [])).toBeUndefined()
  })
})

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
