import { describe, expect, it } from 'vitest'
import { planSounds } from '../../../../../functions/hls/plan/plan.ts'
import type { MediaInfo } from '../../../../../functions/media/media-info.ts'

function mediaWith(sounds: number): MediaInfo {
  return {
    format: 'matroska,webm',
    isDurationEstimated: false,
    video: [],
    audio: Array.from({ length: sounds }, (_, index) => ({
      index,
      codec: 'aac',
      channels: 2,
      isDefault: index === 0,
    })),
    subtitles: [],
    covers: [],
    data: [],
    chapters: 0,
  }
}

describe('the sounds of a presentation', () => {
  it('are at most sixteen, and a warning names those that are left out', () => {
    const { sounds, warnings, dropped } = planSounds(mediaWith(18), { audio: 'auto', segments: 'fmp4' })
    expect(sounds).toHaveLength(16)
    expect(dropped.map(({ index }) => index)).toEqual([16, 17])
    expect(warnings).toEqual(['sound 16, sound 17 left out: only 16 sounds are kept'])
  })

  it('are one in transport streams, which a warning says', () => {
    const { sounds, warnings } = planSounds(mediaWith(2), { audio: 'auto', segments: 'ts' })
    expect(sounds).toHaveLength(1)
    expect(warnings).toEqual([
      'sound 1 left out: segments=ts has room for one sound; segments=fmp4 keeps all',
    ])
  })

  it('have no warning where all are kept, or none is wanted', () => {
    expect(planSounds(mediaWith(16), { audio: 'auto', segments: 'fmp4' }).warnings).toEqual([])
    expect(planSounds(mediaWith(18), { audio: 'none', segments: 'fmp4' }).warnings).toEqual([])
  })
})
