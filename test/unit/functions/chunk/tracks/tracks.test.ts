import { describe, expect, it } from 'vitest'
import {
  endOf,
  lengthOf,
  longerWarning,
  type ChunkTrack,
} from '../../../../../functions/chunk/tracks/tracks.ts'

const track = (endSeconds: number): ChunkTrack => ({
  kind: 'video',
  packets: 1,
  perSecond: 1_000,
  endSeconds,
  hidden: 0,
  keyframes: 1,
  beginsWithKeyframe: true,
  isIndependent: true,
})

describe('the length of a chunk', () => {
  it('is where the next one begins, also when a stream ends before that or a packet after it', () => {
    expect(lengthOf(6, [track(6.1), track(4)])).toBe(6)
    expect(lengthOf(6, [])).toBe(6)
  })
  it('is what it holds where that is more', () => {
    expect(lengthOf(7.6, [track(9.32), track(7.6)])).toBe(9.32)
    expect(longerWarning(1)).toMatch(/^1 chunk holds more/)
  })
})

describe('the end of the last chunk', () => {
  it('is what the file declares, to a quarter of a second', () => {
    expect(endOf(8.02, 8)).toBe(8.02)
    expect(endOf(8.02, undefined)).toBe(8.02)
  })
  it('is what the tables say where they say less, or more', () => {
    expect(endOf(4, 0.9)).toBe(0.9)
    expect(endOf(4, 9)).toBe(9)
  })
})
