import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { planLadder, type LadderOptions } from '../../../../../functions/hls/plan/ladder.ts'

const names = (width: number, height: number, options: Partial<LadderOptions> = {}) => {
  const plan = planLadder({ width, height }, { renditions: 'auto', maxHeight: 1080, ...options })
  return plan.kind === 'ladder'
    ? plan.rungs.map(({ name, width, height }) => `${name} ${width}x${height}`)
    : plan
}

describe('the renditions of a picture', () => {
  test('are named by the short side, also of a portrait', () => {
    expect(names(608, 1080)).toEqual(['608p 608x1080', '480p 480x852', '360p 360x638', '240p 240x426'])
  })

  test('have the size of the source on top where the largest of ours is far below it', () => {
    expect(names(1280, 960, { maxHeight: 2160 })).toMatchObject({ 0: '960p 1280x960' })
    expect(names(1280, 720)).toMatchObject({ 0: '720p 1280x720' })
  })

  test('are one for a source that is smaller than all of ours', () => {
    expect(names(64, 48)).toEqual(['48p 64x48'])
  })

  test('that are asked for and larger than the source are refused with the one that is', () => {
    expect(names(640, 360, { renditions: [1080, 240] })).toEqual({ kind: 'too-large', short: 1080 })
  })

  test('are never larger than the source, even, and never none', () => {
    const pixels = fc.integer({ min: 2, max: 8_192 })
    const renditions = fc.constantFrom('auto' as const, 'source' as const)
    fc.assert(
      fc.property(
        pixels,
        pixels,
        fc.integer({ min: 144, max: 2_160 }),
        renditions,
        (width, height, maxHeight, wanted) => {
          const plan = planLadder({ width, height }, { renditions: wanted, maxHeight })
          const rungs = plan.kind === 'ladder' ? plan.rungs : []
          expect(rungs.length).toBeGreaterThan(0)
          for (const rung of rungs) {
            expect(rung.width).toBeLessThanOrEqual(Math.max(2, width))
            expect(rung.height).toBeLessThanOrEqual(Math.max(2, height))
            expect([rung.width % 2, rung.height % 2]).toEqual([0, 0])
          }
        },
      ),
    )
  })
})
