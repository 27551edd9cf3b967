import { describe, expect, it } from 'vitest'
import { continuedClock, createJointFinder } from '../../../../../functions/media/packets/joins.ts'

/** Packets of `[stream, time]`, each 0.5 s long. */
function jointsOf(...packets: readonly (readonly [stream: number, seconds: number])[]) {
  const finder = createJointFinder([0, 1])
  for (const [stream, seconds] of packets)
    finder.add({ stream, pts: seconds, dts: seconds, duration: 0.5, isKey: true })
  return finder.end()
}

describe('createJointFinder', () => {
  it('finds none where the clock of each stream goes forward, and none in a little disorder', () => {
    expect(jointsOf([0, 0], [1, 0.2], [0, 0.5], [0, 0.45], [1, 0.4])).toBeUndefined()
  })
  it('finds where the clock goes back, and lets the next recording begin where the one before ends', () => {
    const joints = jointsOf([0, 1], [1, 1], [0, 1.5], [1, 2], [0, 1], [1, 1.25], [0, 1.5])
    expect(joints?.atSeconds).toEqual([1.5])
    expect(joints?.endSeconds).toBe(2.5)
    expect([...(joints?.offsetsSeconds ?? [])]).toEqual([
      [0, [1.5]],
      [1, [1.5]],
    ])
  })
  it('shifts all streams by the same, whichever of them ends first', () => {
    const joints = jointsOf([0, 0], [0, 0.5], [1, 0], [1, 0.5], [1, 3], [1, 0], [0, 0])
    expect(joints?.offsetsSeconds?.get(0)).toEqual(joints?.offsetsSeconds?.get(1))
  })
  it('counts each joint of several', () => {
    const joints = jointsOf([0, 0], [0, 4], [0, 0], [0, 4], [0, 0])
    expect(joints?.offsetsSeconds?.get(0)).toEqual([4.5, 9])
    expect(joints?.endSeconds).toBe(9.5)
  })
  it('gives no offset where a stream starts only in the second recording, or its clock continues', () => {
    const late = jointsOf([0, 0], [0, 4], [0, 0], [1, 0])
    expect(late).toMatchObject({ atSeconds: [4.5] })
    expect(late).not.toHaveProperty('offsetsSeconds')
    expect(jointsOf([0, 0], [1, 0], [0, 4], [0, 0], [1, 1])).not.toHaveProperty('offsetsSeconds')
  })
  it('sees a keyframe without a time of decoding go back', () => {
    const finder = createJointFinder([0])
    for (const pts of [0, 1, 0]) finder.add({ stream: 0, dts: undefined, pts, duration: 0.5, isKey: true })
    expect(finder.end()?.atSeconds).toEqual([1.5])
  })
  it('goes by the time of decoding, and leaves out packets without a time and of other streams', () => {
    const finder = createJointFinder([0])
    const add = (stream: number, dts: number | undefined, pts: number | undefined, isKey = false) =>
      finder.add({ stream, dts, pts, duration: undefined, isKey })
    add(0, undefined, 0, true)
    add(0, undefined, 0.4)
    add(0, 0, 0.2)
    add(0, undefined, undefined)
    add(7, -5, -5)
    expect(finder.end()).toBeUndefined()
  })
})

describe('continuedClock', () => {
  it('adds nothing before the clock has gone back, and then the difference for each time', () => {
    expect(continuedClock([8, 15.5])).toBe(
      "'PTS+(0*st(0,ld(0)+lt(T,PREV_INT-0.1))+gte(ld(0),1)*(8.000000)+gte(ld(0),2)*(7.500000))/TB'",
    )
  })
})
