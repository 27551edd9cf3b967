import { describe, expect, it } from 'vitest'
import {
  clippingWarnings,
  createLoudnessReader,
  gainTo,
  loudnessWarnings,
} from '../../../../functions/sound/loudness.ts'

describe('the loudness that FFmpeg prints', () => {
  it('is the last one, with the highest peak of all channels', () => {
    const reader = createLoudnessReader()
    const lines = `frame:198 pts:950400 pts_time:19.8
lavfi.r128.M=-20.0
lavfi.r128.I=-30.000
lavfi.r128.true_peaks_ch0=0.200
lavfi.r128.I=-22.570
lavfi.r128.LRA=1.000
lavfi.r128.true_peaks_ch0=0.500
lavfi.r128.true_peaks_ch1=0.300
lavfi.silence_start=1.5`
    for (const line of lines.split('\n')) reader.add(line)
    expect(reader.loudness()).toEqual({ lufs: -22.57, truePeakDb: expect.closeTo(-6.02, 2) })
  })

  it.each(['-70.000', '-inf', 'nan', '-120.7'])('is absent at %s LUFS: no gain would give it one', (text) => {
    const reader = createLoudnessReader()
    reader.add(`lavfi.r128.I=${text}`)
    reader.add('lavfi.r128.true_peaks_ch0=0.000')
    expect(reader.loudness()).toEqual({})
    expect(gainTo(-16, reader.loudness())).toBeUndefined()
  })
})

describe('the gain', () => {
  it('is the way to the target', () => {
    expect(gainTo(-16, { lufs: -22.5, truePeakDb: -12 })).toEqual({ gainDb: 6.5, isBounded: false })
    expect(gainTo(-23, { lufs: -10, truePeakDb: 0.5 })).toEqual({ gainDb: -13, isBounded: false })
  })

  it('ends where the peak would exceed -1.5 dBTP', () => {
    expect(gainTo(-16, { lufs: -30, truePeakDb: -5 })).toEqual({ gainDb: 3.5, isBounded: true })
    expect(gainTo(-8, { lufs: -9, truePeakDb: 1 })).toEqual({ gainDb: -2.5, isBounded: true })
  })
})

describe('a warning', () => {
  const bounded = { gainDb: 3.5, isBounded: true }
  it('says both numbers where the peak allows no more', () => {
    expect(loudnessWarnings(-16, bounded, { lufs: -26.5 })).toEqual([
      'the sound reaches -26.5 LUFS and not the -16.0 asked for: a larger gain would exceed -1.5 dBTP',
    ])
  })

  it('is not given within 0.5 LU of the target, and says why a result lies elsewhere', () => {
    expect(loudnessWarnings(-16, { gainDb: 1, isBounded: false }, { lufs: -16.5 })).toEqual([])
    expect(loudnessWarnings(-16, { gainDb: 1, isBounded: false }, { lufs: -17 })[0]).toContain('too short')
    expect(loudnessWarnings(-16, undefined, {})[0]).toContain('silent')
  })

  it('names the remedy for a source above full scale', () => {
    expect(clippingWarnings({ truePeakDb: 1.23 })).toEqual([
      'the sound peaks at 1.2 dBTP, above full scale, and may crackle: loudness=-16 lowers it',
    ])
    expect(clippingWarnings({ truePeakDb: -0.1 })).toEqual([])
  })
})
