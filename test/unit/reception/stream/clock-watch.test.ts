import { describe, expect, it } from 'vitest'
import { createClockWatch } from '../../../../runtime/reception/stream/clock-watch.ts'

/** Whether a sender whose seconds look like this is found to have jumped. */
function watched(
  seconds: number,
  at: (second: number) => { readonly bytes: number; readonly media: number; readonly closed?: number },
  pieceSeconds = 4,
): number | undefined {
  const watch = createClockWatch(0, pieceSeconds)
  for (let second = 1; second <= seconds; second++) {
    const { bytes, media, closed } = at(second)
    if (closed !== undefined) watch.reset(second * 1_000, closed)
    watch.progress(second * 1_000, media)
    if (watch.hasJumped(second * 1_000, bytes)) return second
  }
  return undefined
}

describe('a clock that was set back', () => {
  it('is noticed after 20 s of bytes without a piece, with media time standing still', () => {
    expect(watched(60, (second) => ({ bytes: second * 1_000, media: 8 }))).toBe(21)
  })

  it('is noticed though FFmpeg lets time creep on by a tick with each packet', () => {
    expect(watched(60, (second) => ({ bytes: second * 1_000, media: 9.9 + second * 0.0007 }))).toBe(21)
  })

  it('is noticed when media time runs on and nothing is cut', () => {
    expect(watched(60, (second) => ({ bytes: second * 1_000, media: second }))).toBe(21)
    expect(watched(60, (second) => ({ bytes: second * 1_000, media: second }), 10)).toBe(51)
  })
})

describe('an FFmpeg that cannot write', () => {
  it('is stuck after 20 s without a byte in its file, and not while the file grows', () => {
    const watch = createClockWatch(0, 4)
    for (let second = 1; second <= 19; second++) watch.hasJumped(second * 1_000, 1_000)
    expect(watch.isStuck(19_000)).toBe(false)
    expect(watch.isStuck(20_000)).toBe(true)
    watch.hasJumped(21_000, 2_000)
    expect(watch.isStuck(21_000)).toBe(false)
  })
})

describe('a sender', () => {
  it('whose pieces close is left alone', () => {
    const closing = (second: number) => (second % 4 === 0 ? { closed: second } : {})
    expect(
      watched(120, (second) => ({ bytes: (second % 4) * 1_000, media: second, ...closing(second) })),
    ).toBeUndefined()
  })

  it('that is silent is left to the stall time-out', () => {
    expect(watched(120, () => ({ bytes: 5_000, media: 8 }))).toBeUndefined()
  })

  it('that sends much slower than its media play is left alone', () => {
    expect(watched(200, (second) => ({ bytes: second * 1_000, media: second / 60 }))).toBeUndefined()
  })

  it('that was held back by the spool has its patience again', () => {
    const watch = createClockWatch(0, 4)
    watch.hasJumped(19_000, 1_000)
    watch.reset(40_000)
    expect(watch.hasJumped(41_000, 2_000)).toBe(false)
  })
})
