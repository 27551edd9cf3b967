import { describe, expect, it } from 'vitest'
import { captionPlan, captionWarnings } from '../../../../functions/media/captions.ts'
import type { MediaInfo, MediaStream } from '../../../../functions/media/media-info.ts'

const subtitle = (index: number, codec: string, language?: string): MediaStream => ({
  index,
  codec,
  isDefault: false,
  ...(language !== undefined && { language }),
})
const media = (subtitles: readonly MediaStream[]): MediaInfo => ({
  format: 'matroska,webm',
  isDurationEstimated: false,
  video: [],
  audio: [{ index: 0, codec: 'aac', isDefault: true }],
  subtitles,
  covers: [],
  data: [],
  chapters: 0,
})

describe('captions', () => {
  it('have the language and the place of their subtitle in their names', () => {
    const plan = captionPlan(
      media([subtitle(2, 'subrip', 'ENG'), subtitle(3, 'ass'), subtitle(4, 'mov_text', 'pt-BR')]),
    )
    expect(plan.kept.map(({ name }) => name)).toEqual(['eng-0.vtt', 'und-1.vtt', 'pt-br-2.vtt'])
    expect(plan.clock).toEqual('-map 0:0 -c copy -f null -'.split(' '))
  })

  it('name the subtitles that are pictures, and those without a cue', () => {
    const plan = captionPlan(media([subtitle(2, 'hdmv_pgs_subtitle', 'eng'), subtitle(3, 'subrip')]))
    expect(captionWarnings(plan, [0])).toEqual([
      'subtitle 2 (hdmv_pgs_subtitle) was left out: not text: its subtitles are pictures, or their decoder is not accepted here',
      'und-1.vtt has no cues',
    ])
  })

  it('are refused with the reason where there is nothing to make', () => {
    expect(captionPlan(media([])).refusal).toBe('the file has no subtitles')
    expect(captionPlan(media([subtitle(2, 'dvd_subtitle')])).refusal).toContain('are pictures (dvd_subtitle)')
  })

  it('of 64 subtitles are 32 files, and the others are named', () => {
    const plan = captionPlan(media(Array.from({ length: 60 }, (_, place) => subtitle(place + 1, 'subrip'))))
    expect([plan.kept.length, plan.dropped.length]).toEqual([32, 28])
    expect(plan.dropped[0]?.why).toBe('more than 32 subtitles')
  })
})
