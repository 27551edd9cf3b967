import { expect, it } from 'vitest'
import { clipsOf } from '../../../../functions/pictures/loop.ts'

it('clips are in the middle of their parts of the film', () => {
  expect(clipsOf(100, { clips: 4, seconds: 1 })).toEqual(
    [12, 37, 62, 87].map((startSeconds) => ({ startSeconds, lengthSeconds: 1 })),
  )
})

it('a film that is no longer than its clips is shown as it is', () => {
  expect(clipsOf(3, { clips: 4, seconds: 0.75 })).toEqual([{ startSeconds: 0, lengthSeconds: 3 }])
  expect(clipsOf(1, { clips: 4, seconds: 0.75 })).toEqual([{ startSeconds: 0, lengthSeconds: 1 }])
  expect(clipsOf(undefined, { clips: 4, seconds: 0.75 })).toEqual([{ startSeconds: 0, lengthSeconds: 3 }])
})

it('no clip begins before the film or ends after it', () => {
  for (const endSeconds of [3.01, 4, 60, 36_000])
    for (const { startSeconds, lengthSeconds } of clipsOf(endSeconds, { clips: 12, seconds: 0.25 })) {
      expect(startSeconds).toBeGreaterThanOrEqual(-1e-9)
      expect(startSeconds + lengthSeconds).toBeLessThanOrEqual(endSeconds + 1e-9)
    }
})
